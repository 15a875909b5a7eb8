#include "cc/layout/fragment_convert.h"

#include <tvm/ffi/error.h>

#include <algorithm>
#include <map>
#include <set>

#include "cc/layout/bank_model.h"

namespace tilescale::layout {

using tvm::ffi::Shape;

namespace {

struct Move {
  Slot to;
  Slot from;
};

ConversionKind MoveKind(const Slot& from, const Slot& to) {
  if (from.thread == to.thread) {
    return from.value == to.value ? ConversionKind::kIdentity : ConversionKind::kRegister;
  }
  bool same_warp = from.thread / kWarpSize == to.thread / kWarpSize;
  return same_warp ? ConversionKind::kShuffle : ConversionKind::kShared;
}

Slot NearestOwner(const std::vector<Slot>& owners, const Slot& to) {
  return *std::min_element(owners.begin(), owners.end(), [&](const Slot& a, const Slot& b) {
    return MoveKind(a, to) < MoveKind(b, to);
  });
}

std::vector<Move> Moves(const Fragment& source, const Fragment& destination) {
  std::vector<std::vector<Slot>> owners = source.Owners();
  std::vector<int64_t> table = destination.Table();
  std::vector<Move> moves;
  for (size_t i = 0; i < table.size(); ++i) {
    if (table[i] < 0) continue;
    Slot to = {static_cast<int64_t>(i) / destination->num_values,
               static_cast<int64_t>(i) % destination->num_values};
    moves.push_back({to, NearestOwner(owners[table[i]], to)});
  }
  return moves;
}

// What one shuffle of one warp does.
struct Round {
  std::map<int64_t, int64_t> offered;  // source thread -> register
  std::set<int64_t> readers;           // destination threads

  bool Take(const Move& move) {
    auto [entry, fresh] = offered.try_emplace(move.from.thread, move.from.value);
    bool possible = entry->second == move.from.value && readers.count(move.to.thread) == 0;
    if (possible) readers.insert(move.to.thread);
    if (!possible && fresh) offered.erase(entry);
    return possible;
  }
};

int64_t ShuffleRounds(const std::vector<Move>& moves) {
  std::map<int64_t, std::vector<Round>> warps;
  size_t most = 0;
  for (const Move& move : moves) {
    if (move.from.thread == move.to.thread) continue;
    std::vector<Round>& rounds = warps[move.to.thread / kWarpSize];
    bool taken = std::any_of(rounds.begin(), rounds.end(), [&](Round& r) { return r.Take(move); });
    if (!taken) rounds.emplace_back().Take(move);
    most = std::max(most, rounds.size());
  }
  return static_cast<int64_t>(most);
}

void CheckSameShape(const Fragment& source, const Fragment& destination) {
  const Shape& a = source->shape;
  const Shape& b = destination->shape;
  if (a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin())) return;
  TVM_FFI_THROW(ValueError) << "cannot convert between fragments of different shapes: "
                            << source.ToString() << " and " << destination.ToString();
}

}  // namespace

const char* ConversionKindName(ConversionKind kind) {
  static constexpr const char* kNames[] = {"identity", "register", "shuffle", "shared"};
  return kNames[static_cast<int64_t>(kind)];
}

std::string FragmentConversion::ToString() const {
  return std::string("FragmentConversion<") + ConversionKindName(Kind()) + ", " +
         std::to_string(get()->num_exchanged) + " exchanged, " +
         std::to_string(get()->shuffle_rounds) + " shuffles>";
}

FragmentConversion ConvertFragment(const Fragment& source, const Fragment& destination) {
  CheckSameShape(source, destination);
  std::vector<Move> moves = Moves(source, destination);
  ConversionKind kind = ConversionKind::kIdentity;
  std::vector<int64_t> flat;
  int64_t exchanged = 0;
  for (const Move& move : moves) {
    kind = std::max(kind, MoveKind(move.from, move.to));
    exchanged += move.from.thread != move.to.thread ? 1 : 0;
    flat.insert(flat.end(), {move.to.thread, move.to.value, move.from.thread, move.from.value});
  }
  auto node = tvm::ffi::make_object<FragmentConversionObj>();
  node->kind = static_cast<int64_t>(kind);
  node->moves = Shape(std::move(flat));
  node->num_exchanged = exchanged;
  node->shuffle_rounds = kind == ConversionKind::kShuffle ? ShuffleRounds(moves) : 0;
  return FragmentConversion(std::move(node));
}

}  // namespace tilescale::layout
