#include "cc/op/atomic.h"

#include "cc/ir/intrinsic.h"
#include "cc/lower/cpu/lowering.h"

namespace tilescale::lower::cpu {
namespace {

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
  std::string name = "atomic_" + std::string(op::AtomicKindName(atomic->kind));
  ir::Expr call = ir::MakeCall(name, {ir::AddressOf(dst, to), value}, {}, dst->dtype);
  ir::Stmt update = overwrite ? ir::Stmt(ir::Store(dst, to, value, op->span))
                              : ir::Stmt(ir::Evaluate(call, op->span));
  return ParallelOver(vars, extents, update, op->span);
}

[[maybe_unused]] const bool kRegistered = RegisterLowering(op::AtomicObj::_type_key, LowerAtomic);

}  // namespace
}  // namespace tilescale::lower::cpu
