#include "cc/op/atomic.h"

#include "cc/ir/intrinsic.h"
#include "cc/lower/common/elementwise.h"
#include "cc/lower/common/loops.h"

namespace tilescale::lower {
ir::Stmt LowerAtomic(const ir::TileOp& op, const Context& context) {
  const auto* atomic = op.as<op::AtomicObj>();
  std::vector<ir::Expr> extents = op::SqueezedExtents(atomic->dst);
  std::vector<ir::Var> vars = LoopVars(extents);
  std::vector<ir::Expr> point = AsExprs(vars);
  const ir::Buffer& dst = atomic->dst->buffer;
  ffi::Array<ir::Expr> to = SqueezedIndicesAt(atomic->dst, point);
  ir::Expr value = ir::MakeCast(
      dst->dtype, ir::Load(atomic->src->buffer, SqueezedIndicesAt(atomic->src, point)));
  bool overwrite = context.Has(PlantedBug::kAtomicOverwrites);
  ffi::Map<ffi::String, ffi::Any> attrs;
  auto order = atomic->attrs.find("memory_order");
  if (order != atomic->attrs.end()) attrs.Set("memory_order", (*order).second);
  std::string name = "atomic_" + std::string(op::AtomicKindName(atomic->kind));
  ir::Expr call = ir::MakeCall(name, {ir::AddressOf(dst, to), value}, attrs, dst->dtype);
  ir::Stmt update = overwrite ? ir::Stmt(ir::Store(dst, to, value, op->span))
                              : ir::Stmt(ir::Evaluate(call, op->span));
  return ParallelOver(vars, extents, update, op->span);
}

}  // namespace tilescale::lower
