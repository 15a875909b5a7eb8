// Stacks that are switched by hand: one for each CUDA thread.
#ifndef TILESCALE_CC_SIM_FIBER_H_
#define TILESCALE_CC_SIM_FIBER_H_

#include <cstddef>
#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace tilescale::sim {

struct Fiber {
#if defined(__x86_64__)
  void* stack_pointer = nullptr;
#else
  ucontext_t context;
#endif
};

// `entry` starts on the stack [low, low + size) at the first switch to the fiber; it never returns.
void InitFiber(Fiber* fiber, char* low, size_t size, void (*entry)());

// Continues `to` and returns when something switches back to `from`.
void SwitchFiber(Fiber* from, Fiber* to);

// Equal stacks in one mapping, each above a page that faults.
class StackPool {
 public:
  StackPool(size_t count, size_t size);
  ~StackPool();
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;

  char* low(size_t index) const { return base_ + index * stride_ + guard_; }
  size_t size() const { return stride_ - guard_; }

 private:
  char* base_;
  size_t stride_;
  size_t guard_;
  size_t bytes_;
};

}  // namespace tilescale::sim

#endif  // TILESCALE_CC_SIM_FIBER_H_
