#include "cc/pass/point_code.h"

#include <tvm/ffi/extra/structural_equal.h>

#include "cc/ir/printer.h"
#include "cc/layout/fit.h"
#include "cc/lower/common/loops.h"
#include "cc/pass/fragment_layouts.h"
#include "cc/support/diagnostic.h"

namespace tilescale::pass {
namespace {

ir::Expr Int(int64_t value) { return ir::MakeInt(ir::dtype::Int(32), value); }

bool IsVisible(const ir::Buffer& buffer) {
  return buffer.IsScope(ir::scope::kShared) || buffer.IsScope(ir::scope::kGlobal);
}

// The sum of the digits of `number` times their strides.
ir::Expr Apply(const layout::Layout& modes, const ir::Expr& number) {
  ir::Expr sum = Int(0);
  int64_t place = 1;
  const std::vector<layout::StaticMode> leaves = layout::StaticModes(modes, "registers");
  for (size_t i = 0; i < leaves.size(); ++i) {
    const layout::StaticMode& mode = leaves[i];
    ir::Expr digit = place == 1 ? number : ir::FloorDiv(number, Int(place));
    if (i + 1 < leaves.size()) digit = ir::FloorMod(digit, Int(mode.shape));
    if (mode.shape > 1 && mode.stride != 0) sum = sum + digit * Int(mode.stride);
    place *= mode.shape;
  }
  return sum;
}

// Any table, as a chain of choices that unrolled code decides: runs of consecutive registers.
ir::Expr Choose(const std::vector<int64_t>& table, const ir::Expr& value) {
  std::vector<size_t> starts = {0};
  for (size_t v = 1; v < table.size(); ++v) {
    if (table[v] != table[v - 1] + 1) starts.push_back(v);
  }
  ir::Expr result = Int(0);
  for (size_t i = starts.size(); i-- > 0;) {
    const int64_t first = static_cast<int64_t>(starts[i]);
    ir::Expr here = value + Int(table[starts[i]] - first);
    const bool last = i + 1 == starts.size();
    result = last ? here
                  : ir::MakeSelect(value < Int(static_cast<int64_t>(starts[i + 1])), here, result);
  }
  return result;
}

std::string KeyOf(const LoopPlace& place, const ir::Buffer& buffer, const layout::PointMap& map) {
  std::ostringstream key;
  key << place.layout->get() << ' ' << buffer.get();
  for (const layout::PointIndex& index : map.indices) {
    if (index.expr.has_value()) return "";
    key << ' ' << index.coord << ' ' << index.constant;
  }
  return key.str();
}

}  // namespace

const std::vector<int64_t>& RegisterFinder::TableOf(const LoopPlace& place,
                                                    const ir::Buffer& buffer,
                                                    const ffi::Array<ir::Expr>& indices) {
  auto map = PointMapOf(place.box, buffer, indices);
  const layout::Fragment* tile = layouts_.FindFragment(buffer);
  TILESCALE_CHECK(map && tile && place.layout, "no layout of the access to " << buffer->name);
  // General indices are rare: each gets a place of its own.
  std::string key = KeyOf(place, buffer, *map);
  if (key.empty()) key = "#" + std::to_string(tables_.size());
  auto it = tables_.find(key);
  if (it != tables_.end()) return it->second;
  auto registers = layout::RegistersOf(*place.layout, *map, *tile);
  TILESCALE_CHECK(registers, "a thread does not own its element of " << buffer->name);
  for (int64_t& r : *registers) r = std::max<int64_t>(r, 0);
  return tables_.emplace(key, std::move(*registers)).first->second;
}

ir::Expr RegisterFinder::Find(const LoopPlace& place, const ir::Buffer& buffer,
                              const ffi::Array<ir::Expr>& indices) {
  const std::vector<int64_t>& table = TableOf(place, buffer, indices);
  const int64_t groups = static_cast<int64_t>(table.size()) / place.group;
  auto fitted =
      layout::FitLayout({place.group, groups}, [&](int64_t i) { return table[i] - table[0]; });
  if (!fitted) return Choose(table, place.round * Int(place.group) + place.lane);
  return Apply((*fitted)[1], place.round) + Apply((*fitted)[0], place.lane) + Int(table[0]);
}

ir::Expr PointMutator::MutateExpr(const ir::Expr& e) {
  const auto* load = e.as<ir::LoadObj>();
  const ir::Buffer* registers = load ? layouts_.FindRegisters(load->buffer) : nullptr;
  if (!registers) return DefaultExpr(e);
  return ir::Load(*registers, {finder_->Find(place_, load->buffer, load->indices)});
}

ir::Stmt PointMutator::MutateStmt(const ir::Stmt& s) {
  if (const auto* inner = s.as<ir::ParallelObj>()) {
    ir::Stmt body = MutateStmt(inner->body);
    for (size_t i = inner->vars.size(); i-- > 0;) {
      body = lower::LoopOver(inner->vars[i], inner->extents[i], body, inner->span);
    }
    return body;
  }
  const auto* store = s.as<ir::StoreObj>();
  const ir::Buffer* registers = store ? layouts_.FindRegisters(store->buffer) : nullptr;
  if (registers) {
    ir::Expr at = finder_->Find(place_, store->buffer, store->indices);
    return ir::Store(*registers, {at}, MutateExpr(store->value), s->span);
  }
  ir::Stmt result = DefaultStmt(s);
  if (!store || !IsVisible(store->buffer) || !place_.first) return result;
  return ir::If(*place_.first, result, std::nullopt, s->span);
}

const StagedAccess* Stager::FindStage(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& indices,
                                      bool write) const {
  for (const StagedAccess& stage : stages_) {
    if (stage.access.write == write && stage.access.buffer.same_as(buffer) &&
        ffi::StructuralEqual::Equal(stage.access.indices, indices)) {
      return &stage;
    }
  }
  return nullptr;
}

ir::Expr Stager::MutateExpr(const ir::Expr& e) {
  const auto* load = e.as<ir::LoadObj>();
  const StagedAccess* stage = load ? FindStage(load->buffer, load->indices, false) : nullptr;
  return stage ? ir::Expr(ir::Load(stage->staged, {lane_})) : DefaultExpr(e);
}

ir::Stmt Stager::MutateStmt(const ir::Stmt& s) {
  const auto* store = s.as<ir::StoreObj>();
  const StagedAccess* stage = store ? FindStage(store->buffer, store->indices, true) : nullptr;
  if (!stage) return DefaultStmt(s);
  return ir::Store(stage->staged, {lane_}, MutateExpr(store->value), s->span);
}

}  // namespace tilescale::pass
