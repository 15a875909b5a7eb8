#include "cc/layout/shuffle_plan.h"

#include <algorithm>

#include "cc/layout/bank_model.h"
#include "cc/layout/fragment_convert.h"

namespace tilescale::layout {
namespace {

constexpr int kLaneBits = 5;
constexpr int64_t kBarrierCost = 24;

// By slot of the destination's warps: the source's slot, counted alike, or -1 for none.
struct Moves {
  int64_t threads;
  int64_t values;         // of the destination
  int64_t source_values;  // of the source
  std::vector<int64_t> from;
};

std::optional<Moves> MovesInsideWarps(const Fragment& source, const Fragment& destination) {
  const FragmentConversion conversion = ConvertFragment(source, destination);
  if (conversion.Kind() != ConversionKind::kShuffle) return std::nullopt;
  if (source->num_threads % kWarpSize != 0 || destination->num_threads % kWarpSize != 0) {
    return std::nullopt;
  }
  Moves moves{destination->num_threads, destination->num_values, source->num_values, {}};
  moves.from.assign(moves.threads * moves.values, -1);
  const tvm::ffi::Shape& flat = conversion->moves;
  for (size_t i = 0; i < flat.size(); i += 4) {
    moves.from[flat[i] * moves.values + flat[i + 1]] =
        flat[i + 2] * moves.source_values + flat[i + 3];
  }
  return moves;
}

// The map of a block on slots (lane bits below, then register bits), of the source as well.
struct SlotMap {
  int64_t block;
  std::vector<int64_t> source_blocks;
  BitMap map;
};

// Where a slot of the first warp comes from, as (lane, register of its block).
int64_t SourceSlot(const Moves& moves, int64_t lane, int64_t value, int64_t block) {
  const int64_t from = moves.from[lane * moves.values + value];
  if (from < 0) return -1;
  const int64_t thread = from / moves.source_values, reg = from % moves.source_values;
  return thread % kWarpSize + reg % block * kWarpSize;
}

bool Matches(const Moves& moves, const SlotMap& candidate) {
  for (int64_t slot = 0; slot < moves.threads * moves.values; ++slot) {
    const int64_t from = moves.from[slot];
    if (from < 0) continue;
    const int64_t thread = slot / moves.values, value = slot % moves.values;
    const int64_t predicted =
        candidate.map(thread % kWarpSize + value % candidate.block * kWarpSize);
    const int64_t reg =
        candidate.source_blocks[value / candidate.block] * candidate.block + predicted / kWarpSize;
    const int64_t source = thread / kWarpSize * kWarpSize + predicted % kWarpSize;
    if (from != source * moves.source_values + reg) return false;
  }
  return true;
}

std::optional<SlotMap> FindSlotMap(const Moves& moves, int64_t block) {
  if (moves.values % block != 0 || moves.source_values % block != 0) return std::nullopt;
  SlotMap result{block, {}, {}};
  if (SourceSlot(moves, 0, 0, block) != 0) return std::nullopt;
  for (int bit = 0; bit < kLaneBits; ++bit) {
    result.map.images.push_back(SourceSlot(moves, int64_t{1} << bit, 0, block));
  }
  for (int64_t value = 1; value < block; value *= 2) {
    result.map.images.push_back(SourceSlot(moves, 0, value, block));
  }
  for (int64_t image : result.map.images) {
    if (image < 0) return std::nullopt;
  }
  for (int64_t value = 0; value < moves.values; value += block) {
    const int64_t from = moves.from[value];
    result.source_blocks.push_back(from < 0 ? 0 : from % moves.source_values / block);
  }
  return Matches(moves, result) ? std::optional<SlotMap>(result) : std::nullopt;
}

// Linearly independent vectors, each with the combination of inputs that gives it.
class Basis {
 public:
  // Whether `vector` was independent; it is `input` then.
  bool Add(int64_t vector, int64_t input) {
    auto [rest, combination] = Reduce(vector);
    if (rest == 0) return false;
    rows_.push_back({rest, combination ^ input});
    return true;
  }
  bool Contains(int64_t vector) const { return Reduce(vector).first == 0; }
  // The combination of inputs that gives `vector`, which is one.
  int64_t Solve(int64_t vector) const { return Reduce(vector).second; }

 private:
  std::pair<int64_t, int64_t> Reduce(int64_t vector) const {
    int64_t combination = 0;
    for (const auto& [row, inputs] : rows_) {
      if ((vector ^ row) < vector) {
        vector ^= row;
        combination ^= inputs;
      }
    }
    return {vector, combination};
  }
  std::vector<std::pair<int64_t, int64_t>> rows_;
};

int64_t LaneOf(int64_t slot) { return slot % kWarpSize; }
int64_t RegisterOf(int64_t slot) { return slot / kWarpSize; }

// Which register each lane receives in round 0, so that different lanes read different ones where
// that is possible.
BitMap ChooseKeep(const SlotMap& slots, Basis* lanes) {
  BitMap keep;
  for (int bit = 0; bit < kLaneBits; ++bit) {
    int64_t chosen = 0;
    for (int64_t reg = 0; reg < slots.block; ++reg) {
      const int64_t slot = slots.map((int64_t{1} << bit) + reg * kWarpSize);
      if (!lanes->Add(LaneOf(slot), int64_t{1} << bit)) continue;
      chosen = reg;
      break;
    }
    keep.images.push_back(chosen);
  }
  return keep;
}

// Whether what the plan moves is what the map says.
bool IsRight(const ShufflePlan& plan, const SlotMap& slots) {
  for (int64_t lane = 0; lane < kWarpSize; ++lane) {
    for (int64_t round = 0; round < plan.block; ++round) {
      const int64_t kept = round ^ plan.keep_lane(lane);
      const int64_t from = plan.from_lane(lane) ^ plan.from_round(round);
      const int64_t offered = plan.offer_lane(from) ^ plan.offer_round(round);
      if (slots.map(lane + kept * kWarpSize) != from + offered * kWarpSize) return false;
    }
  }
  return true;
}

std::optional<ShufflePlan> PlanOf(const SlotMap& slots) {
  ShufflePlan plan{slots.block, slots.source_blocks, {}, {}, {}, {}, {}};
  Basis lanes;
  plan.keep_lane = ChooseKeep(slots, &lanes);
  const auto at = [&](int64_t lane) { return slots.map(lane + plan.keep_lane(lane) * kWarpSize); };
  for (int bit = 0; bit < kLaneBits; ++bit) {
    plan.from_lane.images.push_back(LaneOf(at(int64_t{1} << bit)));
    // Lanes that nobody reads may offer anything.
    lanes.Add(int64_t{1} << bit, 0);
  }
  for (int bit = 0; bit < kLaneBits; ++bit) {
    plan.offer_lane.images.push_back(RegisterOf(at(lanes.Solve(int64_t{1} << bit))));
  }
  for (int64_t round = 1; round < slots.block; round *= 2) {
    const int64_t slot = slots.map(round * kWarpSize);
    plan.from_round.images.push_back(LaneOf(slot));
    plan.offer_round.images.push_back(RegisterOf(slot) ^ plan.offer_lane(LaneOf(slot)));
  }
  return IsRight(plan, slots) ? std::optional<ShufflePlan>(plan) : std::nullopt;
}

int64_t SelectsOf(const BitMap& lanes) {
  int64_t choices = 1;
  Basis masks;
  for (int bit = 0; (int64_t{1} << bit) <= 4096; ++bit) {
    if (masks.Add(lanes.Mask(bit), 0)) choices *= 2;
  }
  return choices - 1;
}

}  // namespace

int64_t BitMap::operator()(int64_t x) const {
  int64_t result = 0;
  for (size_t bit = 0; bit < images.size(); ++bit) {
    if (x >> bit & 1) result ^= images[bit];
  }
  return result;
}

int64_t BitMap::Mask(int bit) const {
  int64_t mask = 0;
  for (size_t i = 0; i < images.size(); ++i) mask |= (images[i] >> bit & 1) << i;
  return mask;
}

bool BitMap::IsZero() const {
  return std::all_of(images.begin(), images.end(), [](int64_t image) { return image == 0; });
}

bool BitMap::IsIdentity() const {
  for (size_t bit = 0; bit < images.size(); ++bit) {
    if (images[bit] != int64_t{1} << bit) return false;
  }
  return true;
}

int64_t ShufflePlan::Shuffles() const {
  int64_t count = 0;
  for (int64_t round = 0; round < block; ++round) count += IsLocal(round) ? 0 : 1;
  return count * static_cast<int64_t>(source_blocks.size());
}

int64_t ShufflePlan::Selects() const {
  const int64_t each = SelectsOf(offer_lane) + SelectsOf(keep_lane);
  return each * block * static_cast<int64_t>(source_blocks.size());
}

std::optional<ShufflePlan> PlanShuffles(const Fragment& source, const Fragment& destination) {
  std::optional<Moves> moves = MovesInsideWarps(source, destination);
  if (!moves) return std::nullopt;
  for (int64_t block = 1; block <= moves->values; block *= 2) {
    if (auto slots = FindSlotMap(*moves, block)) return PlanOf(*slots);
  }
  return std::nullopt;
}

bool IsCheaperThanShared(const ShufflePlan& plan, const Fragment& destination, int64_t bits) {
  const int64_t words = std::max<int64_t>(1, bits / 32);
  const int64_t traffic = 2 * ((destination->num_values * bits + 31) / 32);
  return words * (plan.Shuffles() + plan.Selects() / 4) < traffic + kBarrierCost;
}

}  // namespace tilescale::layout
