// Atomic operations and fences: what orders memory between threads besides barriers.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "cc/sim/float_formats.h"
#include "cc/sim/launch.h"
#include "cc/sim/observe.h"
#include "cc/sim/spin.h"

namespace tilescale::sim {
namespace {

bool Acquires(TsSimOrder order) { return order != kTsSimRelaxed && order != kTsSimRelease; }
bool Releases(TsSimOrder order) { return order != kTsSimRelaxed && order != kTsSimAcquire; }

void Publish(Thread* thread, SyncVariable* variable, const Message& message, TsSimScope scope) {
  JoinMessage(&variable->narrow[thread->block->number], message);
  if (scope > kTsSimCluster) JoinMessage(&variable->wide, message);
}

void StoreClock(Thread* thread, uintptr_t address, TsSimOrder order, TsSimScope scope, bool reads) {
  SyncVariable& variable = thread->launch->variables[address];
  if (!reads) variable = SyncVariable();  // a plain store ends the release sequence
  JoinMessage(&variable.narrow[thread->block->number], thread->fenced);
  JoinMessage(&variable.wide, thread->fenced_wide);
  if (!Releases(order)) return;
  Publish(thread, &variable, thread->clock.Tell(), scope);
  ++thread->clock.own[thread->index];
}

void LoadClock(Thread* thread, uintptr_t address, TsSimOrder order, TsSimScope scope) {
  auto found = thread->launch->variables.find(address);
  if (found == thread->launch->variables.end()) return;
  auto hear = [&](const Message& message, Message* until_fence) {
    if (Acquires(order)) {
      thread->clock.Hear(message);
    } else {
      JoinMessage(until_fence, message);
    }
  };
  auto narrow = found->second.narrow.find(thread->block->number);
  if (narrow != found->second.narrow.end()) hear(narrow->second, &thread->acquired);
  if (scope > kTsSimCluster) hear(found->second.wide, &thread->acquired_wide);
}

template <typename T>
T Combine(TsSimAtomic op, T old, T operand) {
  switch (op) {
    case kTsSimAdd:
      return static_cast<T>(old + operand);
    case kTsSimMin:
      return std::min(old, operand);
    case kTsSimMax:
      return std::max(old, operand);
    default:
      return operand;
  }
}

template <typename T, typename Bits>
uint64_t CombineAs(TsSimAtomic op, uint64_t old, uint64_t operand) {
  auto old_bits = static_cast<Bits>(old), operand_bits = static_cast<Bits>(operand);
  T a, b;
  std::memcpy(&a, &old_bits, sizeof(a));
  std::memcpy(&b, &operand_bits, sizeof(b));
  T result = Combine(op, a, b);
  Bits bits;
  std::memcpy(&bits, &result, sizeof(bits));
  return bits;
}

// Sums of two numbers of a narrow format are exact enough in binary32 to round only once.
template <typename Format>
uint64_t AddNarrow(uint64_t old, uint64_t operand) {
  return Format::Encode(Format::Decode(static_cast<uint32_t>(old)) +
                        Format::Decode(static_cast<uint32_t>(operand)));
}

// Additions to global memory take subnormal numbers for zero.
float Flush(float value) {
  bool subnormal = (tilescale_sim::FloatBits(value) & 0x7f800000u) == 0;
  return subnormal ? std::copysign(0.0f, value) : value;
}

uint64_t AddFloat(uint64_t old, uint64_t operand, bool shared) {
  float a = tilescale_sim::BitsFloat(static_cast<uint32_t>(old));
  float b = tilescale_sim::BitsFloat(static_cast<uint32_t>(operand));
  float sum = shared ? a + b : Flush(Flush(a) + Flush(b));
  return std::isnan(sum) ? tilescale_sim::kFloatNan : tilescale_sim::FloatBits(sum);
}

size_t SizeOf(TsSimNumber type) {
  switch (type) {
    case kTsSimByte:
      return 1;
    case kTsSimU16:
    case kTsSimHalf:
    case kTsSimBfloat16:
      return 2;
    case kTsSimU64:
    case kTsSimI64:
    case kTsSimDouble:
      return 8;
    default:
      return 4;
  }
}

bool InShared(const Thread& thread, const void* address) {
  return thread.block->shared->Contains(reinterpret_cast<uintptr_t>(address), 1);
}

uint64_t NewValue(TsSimAtomic op, TsSimNumber type, uint64_t old, uint64_t operand,
                  uint64_t expected, bool shared) {
  switch (op) {
    case kTsSimLoad:
      return old;
    case kTsSimStore:
    case kTsSimExchange:
      return operand;
    case kTsSimCompareExchange:
      return old == expected ? operand : old;
    case kTsSimAnd:
      return old & operand;
    case kTsSimOr:
      return old | operand;
    case kTsSimXor:
      return old ^ operand;
    default:
      break;
  }
  switch (type) {
    case kTsSimU32:
      return CombineAs<uint32_t, uint32_t>(op, old, operand);
    case kTsSimI32:
      return CombineAs<int32_t, uint32_t>(op, old, operand);
    case kTsSimU64:
      return CombineAs<uint64_t, uint64_t>(op, old, operand);
    case kTsSimByte:
      return CombineAs<uint8_t, uint8_t>(op, old, operand);
    case kTsSimU16:
      return CombineAs<uint16_t, uint16_t>(op, old, operand);
    case kTsSimI64:
      return CombineAs<int64_t, uint64_t>(op, old, operand);
    case kTsSimFloat:
      return AddFloat(old, operand, shared);
    case kTsSimDouble:
      return CombineAs<double, uint64_t>(op, old, operand);
    case kTsSimHalf:
      return AddNarrow<tilescale_sim::Half>(old, operand);
    case kTsSimBfloat16:
      return AddNarrow<tilescale_sim::Bfloat16>(old, operand);
  }
  return operand;
}

}  // namespace

uint64_t RunAtomic(Thread* thread, TsSimAtomic op, TsSimNumber type, void* address,
                   uint64_t operand, uint64_t expected, TsSimOrder order, TsSimScope scope,
                   uint32_t pc) {
  Launch* launch = thread->launch;
  thread->wait_pc = pc;
  launch->Yield(thread);
  size_t size = SizeOf(type);
  if (launch->checks(kBounds)) {
    CheckAligned(thread, address, size, pc);
    bool writes = op != kTsSimLoad;
    const Region* region =
        CheckAccess(thread, address, size, writes, pc, static_cast<uint8_t>(1 + scope));
    NoteAccess(thread, region, address, size, writes, pc);
  }
  uint64_t old = 0;
  std::memcpy(&old, address, size);
  uint64_t value = NewValue(op, type, old, operand, expected, InShared(*thread, address));
  std::memcpy(address, &value, size);
  NotePoll(thread, value != old);
  if (launch->checks(kRaces)) {
    auto key = reinterpret_cast<uintptr_t>(address);
    bool failed = op == kTsSimCompareExchange && old != expected;
    if (op != kTsSimStore) LoadClock(thread, key, order, scope);
    if (op != kTsSimLoad && !failed) StoreClock(thread, key, order, scope, op != kTsSimStore);
  }
  return old;
}

void Fence(Thread* thread, TsSimOrder order, TsSimScope scope) {
  if (!thread->launch->checks(kRaces)) return;
  const bool wide = scope > kTsSimCluster;
  if (Acquires(order)) {
    thread->clock.Hear(thread->acquired);
    thread->acquired.clear();
    if (wide) thread->clock.Hear(thread->acquired_wide);
    if (wide) thread->acquired_wide.clear();
  }
  if (!Releases(order)) return;
  thread->fenced = thread->clock.Tell();
  if (wide) thread->fenced_wide = thread->fenced;
  ++thread->clock.own[thread->index];
}

}  // namespace tilescale::sim

using tilescale::sim::CurrentThread;
using tilescale::sim::Thread;

extern "C" uint64_t ts_sim_atomic(TsSimAtomic op, TsSimNumber type, void* address, uint64_t operand,
                                  uint64_t expected, TsSimOrder order, TsSimScope scope) {
  Thread* thread = CurrentThread();
  return RunAtomic(thread, op, type, address, operand, expected, order, scope,
                   thread->launch->Offset(__builtin_return_address(0)));
}

extern "C" void ts_sim_fence(TsSimOrder order, TsSimScope scope) {
  Fence(CurrentThread(), order, scope);
}
