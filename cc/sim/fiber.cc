#include "cc/sim/fiber.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <new>

namespace tilescale::sim {

#if defined(__x86_64__)

// Saves what the System V ABI asks a callee to keep; kernels leave the floating-point modes alone.
extern "C" void ts_sim_switch_stack(void** save, void* load);
asm(R"(
.text
.globl ts_sim_switch_stack
.hidden ts_sim_switch_stack
.type ts_sim_switch_stack, @function
ts_sim_switch_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size ts_sim_switch_stack, .-ts_sim_switch_stack
)");

void InitFiber(Fiber* fiber, char* low, size_t size, void (*entry)()) {
  constexpr size_t kSavedRegisters = 6;
  char* end = low + size;
  auto* slot = reinterpret_cast<void**>(end - reinterpret_cast<uintptr_t>(end) % 16);
  *--slot = nullptr;  // the return address of entry, which also aligns its frame
  *--slot = reinterpret_cast<void*>(entry);
  slot -= kSavedRegisters;
  std::memset(static_cast<void*>(slot), 0, kSavedRegisters * sizeof(void*));
  fiber->stack_pointer = static_cast<void*>(slot);
}

void SwitchFiber(Fiber* from, Fiber* to) {
  ts_sim_switch_stack(&from->stack_pointer, to->stack_pointer);
}

#else

void InitFiber(Fiber* fiber, char* low, size_t size, void (*entry)()) {
  getcontext(&fiber->context);
  fiber->context.uc_stack.ss_sp = low;
  fiber->context.uc_stack.ss_size = size;
  fiber->context.uc_link = nullptr;
  makecontext(&fiber->context, entry, 0);
}

void SwitchFiber(Fiber* from, Fiber* to) { swapcontext(&from->context, &to->context); }

#endif

StackPool::StackPool(size_t count, size_t size) {
  guard_ = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  stride_ = (size + guard_ - 1) / guard_ * guard_ + guard_;
  bytes_ = count * stride_;
  void* memory = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  base_ = static_cast<char*>(memory);
  for (size_t i = 0; i < count; ++i) mprotect(base_ + i * stride_, guard_, PROT_NONE);
}

StackPool::~StackPool() { munmap(base_, bytes_); }

}  // namespace tilescale::sim
