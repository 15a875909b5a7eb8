// Shuffles and votes.
#pragma once

namespace ts::ptx {

// The operand c of shfl: the segment mask in bits 8 to 12, the clamp in bits 0 to 4.
TS_DEVICE uint32_t shfl_segment(uint32_t width, uint32_t clamp) {
  return ((32 - width) << 8) | clamp;
}

TS_DEVICE uint32_t shfl_idx(uint32_t mask, uint32_t value, uint32_t lane, uint32_t width) {
  uint32_t result;
  asm volatile("shfl.sync.idx.b32 %0, %1, %2, %3, %4;"
               : "=r"(result)
               : "r"(value), "r"(lane), "r"(shfl_segment(width, 31)), "r"(mask));
  return result;
}
TS_DEVICE uint32_t shfl_up(uint32_t mask, uint32_t value, uint32_t delta, uint32_t width) {
  uint32_t result;
  asm volatile("shfl.sync.up.b32 %0, %1, %2, %3, %4;"
               : "=r"(result)
               : "r"(value), "r"(delta), "r"(shfl_segment(width, 0)), "r"(mask));
  return result;
}
TS_DEVICE uint32_t shfl_down(uint32_t mask, uint32_t value, uint32_t delta, uint32_t width) {
  uint32_t result;
  asm volatile("shfl.sync.down.b32 %0, %1, %2, %3, %4;"
               : "=r"(result)
               : "r"(value), "r"(delta), "r"(shfl_segment(width, 31)), "r"(mask));
  return result;
}
TS_DEVICE uint32_t shfl_xor(uint32_t mask, uint32_t value, uint32_t lanes, uint32_t width) {
  uint32_t result;
  asm volatile("shfl.sync.bfly.b32 %0, %1, %2, %3, %4;"
               : "=r"(result)
               : "r"(value), "r"(lanes), "r"(shfl_segment(width, 31)), "r"(mask));
  return result;
}
TS_DEVICE uint32_t ballot(uint32_t mask, bool predicate) {
  uint32_t result;
  asm volatile(
      "{\n"
      ".reg .pred p;\n"
      "setp.ne.u32 p, %1, 0;\n"
      "vote.sync.ballot.b32 %0, p, %2;\n"
      "}"
      : "=r"(result)
      : "r"(static_cast<uint32_t>(predicate)), "r"(mask));
  return result;
}

}  // namespace ts::ptx
