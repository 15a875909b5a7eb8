// Shuffles and votes.
#pragma once

namespace ts::ptx {

// The operand c of shfl: the segment mask in bits 8 to 12, the clamp in bits 0 to 4.
TS_DEVICE uint32_t shfl_segment(uint32_t width, uint32_t clamp) {
  return ((32 - width) << 8) | clamp;
}

#define TS_SHUFFLE(name, mode, clamp)                                                     \
  TS_DEVICE uint32_t name(uint32_t mask, uint32_t value, uint32_t lane, uint32_t width) { \
    uint32_t result;                                                                      \
    asm volatile("shfl.sync" mode ".b32 %0, %1, %2, %3, %4;"                              \
                 : "=r"(result)                                                           \
                 : "r"(value), "r"(lane), "r"(shfl_segment(width, clamp)), "r"(mask));    \
    return result;                                                                        \
  }
TS_SHUFFLE(shfl_idx, ".idx", 31)
// lane: how far away, or which bits of the lane's number are flipped.
TS_SHUFFLE(shfl_up, ".up", 0)
TS_SHUFFLE(shfl_down, ".down", 31)
TS_SHUFFLE(shfl_xor, ".bfly", 31)
#undef TS_SHUFFLE
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
#define TS_MATCH(name, T, instruction, constraint)                                         \
  TS_DEVICE uint32_t name(uint32_t mask, T value) {                                        \
    uint32_t lanes;                                                                        \
    asm volatile(instruction " %0, %1, %2;" : "=r"(lanes) : constraint(value), "r"(mask)); \
    return lanes;                                                                          \
  }
// Lanes of the mask whose values are equal to the caller's.
TS_MATCH(match_any, uint32_t, "match.any.sync.b32", "r")
TS_MATCH(match_any, uint64_t, "match.any.sync.b64", "l")
// The mask if all its lanes have one value, else 0.
TS_MATCH(match_all, uint32_t, "match.all.sync.b32", "r")
TS_MATCH(match_all, uint64_t, "match.all.sync.b64", "l")
#undef TS_MATCH
TS_DEVICE uint32_t active_mask() {
  uint32_t lanes;
  asm volatile("activemask.b32 %0;" : "=r"(lanes));
  return lanes;
}
// True in one lane of the mask: the lowest.
TS_DEVICE bool elect(uint32_t mask) {
  uint32_t elected;
#if __CUDA_ARCH__ >= 900
  asm volatile(
      "{\n"
      ".reg .pred p;\n"
      "elect.sync _|p, %1;\n"
      "selp.u32 %0, 1, 0, p;\n"
      "}"
      : "=r"(elected)
      : "r"(mask));
#else
  uint32_t below;
  asm volatile("bar.warp.sync %1;\nmov.u32 %0, %%lanemask_lt;" : "=r"(below) : "r"(mask));
  elected = (mask & below) == 0;
#endif
  return elected != 0;
}

#define TS_REDUX(name, T, instruction, constraint)       \
  TS_DEVICE T name(uint32_t mask, T value) {             \
    T result;                                            \
    asm volatile("redux.sync" instruction " %0, %1, %2;" \
                 : "=" constraint(result)                \
                 : constraint(value), "r"(mask));        \
    return result;                                       \
  }
TS_REDUX(redux_add, uint32_t, ".add.u32", "r")
TS_REDUX(redux_add, int32_t, ".add.s32", "r")
TS_REDUX(redux_min, uint32_t, ".min.u32", "r")
TS_REDUX(redux_min, int32_t, ".min.s32", "r")
TS_REDUX(redux_max, uint32_t, ".max.u32", "r")
TS_REDUX(redux_max, int32_t, ".max.s32", "r")
TS_REDUX(redux_and, uint32_t, ".and.b32", "r")
TS_REDUX(redux_or, uint32_t, ".or.b32", "r")
TS_REDUX(redux_xor, uint32_t, ".xor.b32", "r")
#undef TS_REDUX

}  // namespace ts::ptx
