#include "cc/pass/point_code.h"

#include <tvm/ffi/extra/structural_equal.h>

#include "cc/ir/intrinsic.h"
#include "cc/ir/printer.h"
#include "cc/layout/table_expr.h"
#include "cc/lower/common/loops.h"
#include "cc/pass/fragment_layouts.h"
#include "cc/support/diagnostic.h"

namespace tilescale::pass {
namespace {

bool IsVisible(const ir::Buffer& buffer) {
  return buffer.IsScope(ir::scope::kShared) || buffer.IsScope(ir::scope::kGlobal);
}

std::string KeyOf(const layout::Fragment& loop, const ir::Buffer& buffer,
                  const layout::PointMap& map) {
  std::ostringstream key;
  key << loop.get() << ' ' << buffer.get();
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
  std::string key = KeyOf(*place.layout, buffer, *map);
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
  return layout::LookUp(TableOf(place, buffer, indices), place.group, place.round, place.lane);
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

ir::Stmt MoveVector(const StagedAccess& stage, const ffi::Array<ir::Expr>& indices, int64_t at,
                    const ir::Span& span) {
  ir::Expr memory = ir::AddressOf(stage.access.buffer, indices);
  ir::Expr array = ir::AddressOf(stage.staged, {ir::MakeInt(ir::dtype::Int(32), at)});
  const bool write = stage.access.kind != AccessKind::kLoad;
  const bool adds = stage.access.kind == AccessKind::kAtomicAdd;
  const int64_t bytes = stage.vector * ir::dtype::Bits(stage.staged->dtype) / 8;
  ir::Expr call = ir::MakeCall(adds ? "cuda.atomic_add_vector" : "cuda.copy_vector",
                               {write ? memory : array, write ? array : memory}, {{"bytes", bytes}},
                               ir::dtype::Int(32));
  return ir::Evaluate(call, span);
}

const StagedAccess* Stager::FindStage(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& indices,
                                      AccessKind kind) const {
  for (const StagedAccess& stage : stages_) {
    if (stage.access.kind == kind && stage.access.buffer.same_as(buffer) &&
        ffi::StructuralEqual::Equal(stage.access.indices, indices)) {
      return &stage;
    }
  }
  return nullptr;
}

ir::Expr Stager::MutateExpr(const ir::Expr& e) {
  const auto* load = e.as<ir::LoadObj>();
  const StagedAccess* stage =
      load ? FindStage(load->buffer, load->indices, AccessKind::kLoad) : nullptr;
  return stage ? ir::Expr(ir::Load(stage->staged, {lane_})) : DefaultExpr(e);
}

ir::Stmt Stager::MutateStmt(const ir::Stmt& s) {
  const StagedAccess* stage = nullptr;
  ir::Expr value(0);
  if (const auto* store = s.as<ir::StoreObj>()) {
    stage = FindStage(store->buffer, store->indices, AccessKind::kStore);
    value = store->value;
  } else if (const ir::CallObj* add = AsAtomicAdd(s)) {
    const auto target = ir::Call::Arg(add, 0).as_or_throw<ir::AddressOf>();
    stage = FindStage(target->buffer, target->indices, AccessKind::kAtomicAdd);
    value = ir::MakeCast(target->buffer->dtype, ir::Call::Arg(add, 1));
  }
  if (!stage) return DefaultStmt(s);
  return ir::Store(stage->staged, {lane_}, MutateExpr(value), s->span);
}

}  // namespace tilescale::pass
