#include "cc/pass/loop_form.h"

#include "cc/layout/fragment_map.h"
#include "cc/support/diagnostic.h"

namespace tilescale::pass {
namespace {

ir::Expr Int(int64_t value) { return ir::MakeInt(ir::dtype::Int(32), value); }

void AndWith(std::optional<ir::Expr>* guard, const ir::Expr& cond) {
  *guard = *guard ? **guard && cond : cond;
}

}  // namespace

LoopForm::LoopForm(const ir::ParallelObj* box, int64_t vector, const lower::cuda::Context& context)
    : box_(box), context_(context), vector_(vector), threads_(context.threads) {
  auto it = box->attrs.find("loop_layout");
  if (it == box->attrs.end()) return;
  layout_ = (*it).second.as<layout::Fragment>();
  if (!layout_) return;
  threads_ = (*layout_)->num_threads;
  if ((*layout_)->thread_value.has_value()) {
    vector_ = 0;
    return;
  }
  auto dealt = layout::FindDealing(*layout_);
  TILESCALE_CHECK(dealt, "no closed form of " << layout_->ToString());
  vector_ = *dealt;
}

const layout::Fragment& LoopForm::Strided() const {
  TILESCALE_CHECK(layout_ && vector_ == 0, "the loop is dealt out in blocks");
  return *layout_;
}

int64_t LoopForm::Contiguous() const {
  if (vector_ > 0) return vector_;
  const layout::Fragment& fragment = Strided();
  // The last dimension counts slowest in flat coordinates.
  int64_t unit = 1;
  for (size_t d = 0; d + 1 < fragment->padded.size(); ++d) unit *= fragment->padded[d];
  const std::vector<int64_t> threads =
      layout::Enumerate((*fragment->thread_value)[0], "loop layout");
  const std::vector<int64_t> values =
      layout::Enumerate((*fragment->thread_value)[1], "loop layout");
  for (int64_t group = 16; group > 1; group /= 2) {
    const int64_t count = static_cast<int64_t>(values.size());
    bool together = count % group == 0 && fragment->shape.back() % group == 0;
    for (int64_t t : threads) together = together && t / unit % group == 0;
    for (int64_t v = 0; together && v < count; ++v) {
      const int64_t start = values[v / group * group];
      together = start / unit % group == 0 && values[v] == start + v % group * unit;
    }
    if (together) return group;
  }
  return 1;
}

// The number of the dealt block that holds the group.
ir::Expr LoopForm::Block(const ir::Expr& round, int64_t group) const {
  ir::Expr number = group == vector_ ? round : ir::FloorDiv(round, Int(vector_ / group));
  return number * Int(threads_) + context_.thread;
}

ir::Expr LoopForm::Groups(int64_t group) const {
  if (layout_) return Int((*layout_)->num_values / group);
  ir::Expr count = Int(1);
  for (const ir::Expr& extent : box_->extents) count = count * extent;
  return ir::CeilDiv(group == 1 ? count : ir::FloorDiv(count, Int(group)), Int(threads_));
}

std::vector<ir::Expr> LoopForm::Start(const ir::Expr& round, int64_t group) const {
  if (vector_ == 0) {
    std::vector<ir::Expr> point;
    for (const ir::Expr& e : layout::MapSlot(Strided(), context_.thread, round * Int(group))) {
      point.push_back(e);
    }
    return point;
  }
  ir::Expr number = Block(round, group);
  if (group != vector_) {
    const int64_t parts = vector_ / group;
    number = number * Int(parts) + ir::FloorMod(round, Int(parts));
  }
  return Unflatten(number, group);
}

// The point at the start of group number `n` in row-major order.
std::vector<ir::Expr> LoopForm::Unflatten(ir::Expr n, int64_t group) const {
  std::vector<ir::Expr> point(box_->vars.size(), n);
  for (size_t i = point.size(); i-- > 0;) {
    const bool inner = i + 1 == point.size() && group > 1;
    ir::Expr extent = inner ? ir::FloorDiv(box_->extents[i], Int(group)) : box_->extents[i];
    ir::Expr value = i == 0 ? n : ir::FloorMod(n, extent);
    n = ir::FloorDiv(n, extent);
    point[i] = inner ? value * Int(group) : value;
  }
  return point;
}

std::optional<ir::Expr> LoopForm::Guard(const ir::Expr& round, int64_t group) const {
  std::optional<ir::Expr> guard;
  if (layout_ && threads_ < context_.threads) AndWith(&guard, context_.thread < Int(threads_));
  if (vector_ == 0) {
    const layout::Fragment& fragment = Strided();
    std::vector<ir::Expr> start = Start(round, group);
    for (size_t d = 0; d < start.size(); ++d) {
      if (fragment->padded[d] != fragment->shape[d]) {
        AndWith(&guard, start[d] < Int(fragment->shape[d]));
      }
    }
    return guard;
  }
  ir::Expr blocks = Int(1);
  for (const ir::Expr& extent : box_->extents) blocks = blocks * extent;
  if (vector_ > 1) blocks = ir::FloorDiv(blocks, Int(vector_));
  const int64_t* count = ir::AsConstInt(blocks);
  if (!count || *count % threads_ != 0) AndWith(&guard, Block(round, group) < blocks);
  return guard;
}

std::optional<ir::Expr> LoopForm::First() const {
  std::optional<ir::Expr> first;
  if (!layout_) return first;
  for (const layout::ReplicaDigit& digit : layout::ReplicaDigits(*layout_)) {
    ir::Expr value = digit.place == 1 ? ir::Expr(context_.thread)
                                      : ir::FloorDiv(context_.thread, Int(digit.place));
    const bool last = digit.place * digit.extent >= context_.threads;
    if (!last) value = ir::FloorMod(value, Int(digit.extent));
    AndWith(&first, ir::Equal(value, Int(0)));
  }
  return first;
}

}  // namespace tilescale::pass
