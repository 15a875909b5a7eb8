// Conversions between fragments by shuffles inside warps: a linear map over F2 says which lane
// offers which register, and who reads it.
#ifndef TILESCALE_CC_LAYOUT_SHUFFLE_PLAN_H_
#define TILESCALE_CC_LAYOUT_SHUFFLE_PLAN_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "cc/layout/fragment.h"

namespace tilescale::layout {

// A linear map on the bits of a number: the exclusive or of the images of those that are set.
struct BitMap {
  std::vector<int64_t> images;
  int64_t operator()(int64_t x) const;
  // The bits of x whose parity is bit `bit` of the result.
  int64_t Mask(int bit) const;
  bool IsZero() const;
  bool IsIdentity() const;
};

// Registers are converted in blocks of a power of two. In round w of a block, lane l offers its
// register offer_lane(l) ^ offer_round(w) and reads lane from_lane(l) ^ from_round(w); what it gets
// is its register w ^ keep_lane(l).
struct ShufflePlan {
  int64_t block;
  // By block of the destination, that of the source.
  std::vector<int64_t> source_blocks;
  BitMap offer_lane, offer_round;
  BitMap from_lane, from_round;
  BitMap keep_lane;

  // Whether each lane reads itself in a round.
  bool IsLocal(int64_t round) const { return from_lane.IsIdentity() && from_round(round) == 0; }
  // Shuffles of one warp.
  int64_t Shuffles() const;
  // Choices between two registers.
  int64_t Selects() const;
};

// Nothing if elements leave their warp, or the conversion is not linear.
std::optional<ShufflePlan> PlanShuffles(const Fragment& source, const Fragment& destination);

// Whether the plan costs less than the way through shared memory, for elements of `bits`. The unit
// is a cycle of the pipe that shuffles and shared memory have in common: a shuffle takes one for a
// warp, each 32 bits of a thread one on their way into shared memory and one back, waiting for all
// warps as much as 24 of them; four choices of registers fit beside one.
bool IsCheaperThanShared(const ShufflePlan& plan, const Fragment& destination, int64_t bits);

}  // namespace tilescale::layout

#endif  // TILESCALE_CC_LAYOUT_SHUFFLE_PLAN_H_
