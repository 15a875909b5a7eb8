#include "cc/lower/cuda/relayout_shuffle.h"

#include <functional>
#include <map>

#include "cc/layout/table_expr.h"
#include "cc/lower/cuda/lane_groups.h"
#include "cc/lower/cuda/layout_demand.h"
#include "cc/lower/cuda/lowering.h"

namespace tilescale::lower::cuda {
namespace {

using layout::BitMap;

constexpr int kRegisterBits = 12;

ir::Expr Int(int64_t value) { return ir::MakeInt(ir::dtype::Int(32), value); }

// One bit of a register's number: `flips` where the bits of the lane in `mask` have odd parity.
struct Choice {
  int64_t mask;
  int64_t flips;
};

// The map as a sum of choices whose masks are independent.
std::vector<Choice> ChoicesOf(const BitMap& map) {
  std::vector<Choice> choices;
  for (int bit = 0; bit < kRegisterBits; ++bit) {
    const int64_t mask = map.Mask(bit);
    bool found = mask == 0;
    // Few masks: all their combinations are tried.
    for (int64_t subset = 1; !found && subset < int64_t{1} << choices.size(); ++subset) {
      int64_t sum = 0;
      for (size_t i = 0; i < choices.size(); ++i) sum ^= subset >> i & 1 ? choices[i].mask : 0;
      if (sum != mask) continue;
      found = true;
      for (size_t i = 0; i < choices.size(); ++i) {
        choices[i].flips |= (subset >> i & 1) << bit;
      }
    }
    if (!found) choices.push_back({mask, int64_t{1} << bit});
  }
  return choices;
}

class ShuffleCopier {
 public:
  ShuffleCopier(const ir::Buffer& from, const ir::Buffer& to, const layout::ShufflePlan& plan,
                const ir::Span& span, const Context& context)
      : from_(from), to_(to), plan_(plan), span_(span), context_(context) {}

  ir::Stmt Copy() const {
    ffi::Array<ir::Stmt> stmts;
    std::vector<ir::Var> got;
    for (int64_t round = 0; round < plan_.block; ++round) {
      got.emplace_back("got", from_->dtype);
      stmts.push_back(ir::Bind(got.back(), Received(round), span_));
    }
    const std::vector<Choice> keep = ChoicesOf(plan_.keep_lane);
    for (int64_t value = 0; value < plan_.block; ++value) {
      ir::Expr kept = Choose(keep, 0, value, [&](int64_t round) { return ir::Expr(got[round]); });
      ir::Expr at = block_ * Int(plan_.block) + Int(value);
      stmts.push_back(ir::Store(to_, {at}, kept, span_));
    }
    const auto blocks = static_cast<int64_t>(plan_.source_blocks.size());
    return ir::For(block_, Int(0), Int(blocks), Int(1), ir::ForKind::kUnroll, ir::Seq(stmts, span_),
                   {}, span_);
  }

 private:
  using Pick = std::function<ir::Expr(int64_t)>;

  ir::Expr Masked(int64_t mask) const {
    return ir::MakeBinary(ir::BinaryKind::kBitAnd, context_.thread, Int(mask));
  }

  // Whether the parity of the lane's bits in `mask` is odd.
  ir::Expr IsOdd(int64_t mask) const {
    auto is_lowest_set = [&](int64_t bits) {
      return ir::MakeBinary(ir::BinaryKind::kNe, Masked(bits & -bits), Int(0));
    };
    ir::Expr is_odd = is_lowest_set(mask);
    for (int64_t rest = mask & (mask - 1); rest != 0; rest &= rest - 1) {
      is_odd = ir::MakeBinary(ir::BinaryKind::kNe, is_odd, is_lowest_set(rest));
    }
    return is_odd;
  }

  ir::Expr Choose(const std::vector<Choice>& choices, size_t next, int64_t number,
                  const Pick& pick) const {
    if (next == choices.size()) return pick(number);
    return ir::MakeSelect(IsOdd(choices[next].mask),
                          Choose(choices, next + 1, number ^ choices[next].flips, pick),
                          Choose(choices, next + 1, number, pick));
  }

  ir::Expr Received(int64_t round) const {
    ir::Expr base = layout::LookUp(plan_.source_blocks, 1, block_, Int(0)) * Int(plan_.block);
    ir::Expr offered = Choose(ChoicesOf(plan_.offer_lane), 0, plan_.offer_round(round),
                              [&](int64_t reg) { return ir::Load(from_, {base + Int(reg)}); });
    if (plan_.IsLocal(round)) return offered;
    const int64_t distance = plan_.from_round(round);
    if (plan_.from_lane.IsIdentity()) {
      return ShuffleLanes("shfl_xor", offered, Int(distance), kWarpSize, context_);
    }
    return ShuffleLanes("shfl_sync", offered, SourceLane(distance), kWarpSize, context_);
  }

  // Bits that move by the same distance move together.
  ir::Expr SourceLane(int64_t constant) const {
    std::map<int64_t, int64_t> masks;
    for (size_t j = 0; j < plan_.from_lane.images.size(); ++j) {
      for (size_t i = 0; i < plan_.from_lane.images.size(); ++i) {
        if (plan_.from_lane.images[j] >> i & 1) {
          masks[static_cast<int64_t>(i) - static_cast<int64_t>(j)] |= int64_t{1} << j;
        }
      }
    }
    ir::Expr lane = Int(constant);
    bool first = constant == 0;
    for (const auto& [shift, mask] : masks) {
      ir::Expr part = Masked(mask);
      if (shift > 0) part = part * Int(int64_t{1} << shift);
      if (shift < 0) part = ir::FloorDiv(part, Int(int64_t{1} << -shift));
      lane = first ? part : ir::MakeBinary(ir::BinaryKind::kBitXor, lane, part);
      first = false;
    }
    return lane;
  }

  const ir::Buffer& from_;
  const ir::Buffer& to_;
  const layout::ShufflePlan& plan_;
  const ir::Span& span_;
  const Context& context_;
  const ir::Var block_{"block", ir::dtype::Int(32)};
};

}  // namespace

ir::Stmt ShuffleCopy(const ir::Buffer& from, const ir::Buffer& to, const layout::ShufflePlan& plan,
                     int64_t threads, const ir::Span& span, const Context& context) {
  const ir::Buffer& source = *context.layouts->FindRegisters(from);
  const ir::Buffer& target = *context.layouts->FindRegisters(to);
  ir::Stmt copy = ShuffleCopier(source, target, plan, span, context).Copy();
  if (threads < context.threads) {
    copy = ir::If(context.thread < Int(threads), copy, std::nullopt, span);
  }
  return ir::For(ir::Var("once", ir::dtype::Int(32)), Int(0), Int(1), Int(1), ir::ForKind::kSerial,
                 copy, {{kThreadLevel, true}}, span);
}

}  // namespace tilescale::lower::cuda
