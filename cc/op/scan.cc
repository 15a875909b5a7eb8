#include "cc/op/scan.h"

#include "cc/op/verify.h"

namespace tilescale::op {

const char* ScanKindName(ScanKind kind) { return kind == ScanKind::kSum ? "cumsum" : "cummax"; }

namespace {

Effects ScanEffects(const ir::TileOp& op) {
  const auto* scan = op.as<ScanObj>();
  Effects effects;
  effects.reads = {scan->src};
  effects.writes = {scan->dst};
  return effects;
}

void VerifyScan(const ir::TileOp& op) {
  const auto* scan = op.as<ScanObj>();
  auto rank = static_cast<int64_t>(scan->src->extents.size());
  if (scan->dim < 0 || scan->dim >= rank) {
    ErrorAt("ScanDimError", op)
        .Message("`T." + std::string(ScanKindName(scan->kind)) +
                 "` runs along a dimension that its source does not have")
        .Expected("a dimension from 0 to " + std::to_string(rank - 1))
        .Got(std::to_string(scan->dim))
        .Remedy("pass dim= of the source's dimensions; -1 is the last one")
        .Throw();
  }
  if (!MayBeEqual(Extents(scan->src), Extents(scan->dst))) {
    ErrorAt("ScanShapeError", op)
        .Message("`T." + std::string(ScanKindName(scan->kind)) +
                 "` needs a destination of the source's shape")
        .Expected(ExtentsText(scan->src))
        .Got(ExtentsText(scan->dst))
        .Remedy("allocate the destination with the source's shape, or scan in place")
        .Throw();
  }
}

ir::TileOp RenumberScan(const ir::TileOp& op, const ir::TileOp& before) {
  const auto* scan = op.as<ScanObj>();
  return Scan(scan->src, scan->dst, scan->dim + AddedDims(scan->src, before.as<ScanObj>()->src),
              scan->kind, scan->reverse, scan->attrs, scan->span);
}

[[maybe_unused]] const bool kRegistered =
    RegisterOp(ScanObj::_type_key, {"scan", ScanEffects, VerifyScan, RenumberScan});

}  // namespace
}  // namespace tilescale::op
