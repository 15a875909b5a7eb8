#include "cc/pass/check_kernel.h"

#include <unordered_set>
#include <utility>

#include "cc/ir/intrinsic.h"
#include "cc/ir/span.h"
#include "cc/ir/visitor.h"
#include "cc/op/thread_level.h"
#include "cc/op/tile_op.h"
#include "cc/pass/check_race_points.h"
#include "cc/pass/check_races.h"
#include "cc/support/diagnostic.h"

namespace tilescale::pass {
namespace {

namespace ffi = tvm::ffi;

bool IsSupported(ir::DType t) {
  if (t.lanes != 1) return false;
  if (ir::dtype::IsHandle(t) || ir::dtype::IsBool(t)) return true;
  if (ir::dtype::IsIntegral(t)) {
    return t.bits == 4 || t.bits == 8 || t.bits == 16 || t.bits == 32 || t.bits == 64;
  }
  if (t.code == kDLFloat) return t.bits == 16 || t.bits == 32 || t.bits == 64;
  return t.code == kDLBfloat || t.code == kDLFloat8_e4m3fn || t.code == kDLFloat8_e5m2;
}

class KernelChecker : public ir::Visitor {
 public:
  KernelChecker(ir::Span span, const lower::Context& context)
      : span_(std::move(span)), context_(context) {}
  void VisitStmt(const ir::Stmt& s) override {
    ir::Span outer = span_;
    if (s->span.defined()) span_ = s->span;
    if (auto op = s.as<ir::TileOp>()) op::GetOpInfo(*op).verify(*op);
    if (const auto* grid = s.as<ir::TileLoopObj>()) CheckLaunch(grid);
    VisitFields(s);
    span_ = std::move(outer);
  }
  void VisitExpr(const ir::Expr& e) override {
    CheckType(e.dtype());
    const auto* call = e.as<ir::CallObj>();
    bool of_threads = call && op::IsThreadLevel(std::string(call->op));
    if (of_threads && !context_.has_threads) ThrowThreadLevel(op::CalledName(call));
    VisitFields(e);
  }
  void VisitBuffer(const ir::Buffer& buffer) override { CheckType(buffer->dtype); }

 private:
  void CheckType(ir::DType t) const {
    if (IsSupported(t)) return;
    support::UserError("DTypeNotOnTargetError")
        .Message("the " + context_.target + " target has no " + ir::dtype::Name(t))
        .Expected(
            "bool, int4 to int64, uint4 to uint64, float16, bfloat16, float32, float64, "
            "float8_e4m3 or float8_e5m2")
        .Got(ir::dtype::Name(t))
        .Remedy("use one of these types, or pack the values into one of them")
        .At(ir::ToLocation(span_))
        .Throw();
  }

  // Hints that a target does not know are ignored; what changes a launch is not.
  void CheckLaunch(const ir::TileLoopObj* grid) const {
    if (grid->attrs.count("cluster_dims") == 0) return;
    support::UserError("LaunchNotOnTargetError")
        .Message("the " + context_.target + " target has no clusters of blocks")
        .Expected("T.Kernel without `cluster_dims`")
        .Got("`cluster_dims`")
        .Remedy("leave `cluster_dims` out: blocks then exchange data through global memory")
        .At(ir::ToLocation(span_))
        .Throw();
  }

  [[noreturn]] void ThrowThreadLevel(const std::string& name) const {
    support::UserError("ThreadLevelOnCpuError")
        .Message("`T." + name + "` works on single threads, which the CPU target does not have")
        .Expected("tile operators and T.Parallel loops only")
        .Got("`T." + name + "`")
        .Remedy("write the loop as T.Parallel, or compile for a CUDA target")
        .At(ir::ToLocation(span_))
        .Throw();
  }

  ir::Span span_;
  const lower::Context& context_;
};

[[noreturn]] void ThrowUnbound(const ir::PrimFunc& func, const ir::Buffer& buffer,
                               const ir::Var& var) {
  const std::string name(var->name);
  support::UserError("UnboundSymbolError")
      .Message("the shape of `" + std::string(buffer->name) + "` depends on `" + name +
               "`, which no argument tells")
      .Expected("a tensor of which `" + name + "` alone is an extent, or a scalar parameter")
      .Got("`" + name + "` inside expressions only")
      .Remedy("pass `" + name + "` as a parameter, or make it the extent of a tensor")
      .At(ir::ToLocation(func->span))
      .Throw();
}

// Every variable in a shape must have its value from an argument as a whole.
void CheckSymbols(const ir::PrimFunc& func) {
  std::unordered_set<const ir::VarObj*> bound;
  for (const ir::Var& symbol : func->symbols) bound.insert(symbol.get());
  for (const ffi::Any& param : func->params) {
    if (auto var = param.as<ir::Var>()) bound.insert(var->get());
  }
  for (const ffi::Any& param : func->params) {
    auto buffer = param.as<ir::Buffer>();
    if (!buffer) continue;
    for (const auto& dims : {(*buffer)->shape, (*buffer)->strides}) {
      ir::ForEachExpr(dims, [&](const ir::Expr& e) {
        auto var = e.as<ir::Var>();
        if (var && bound.count(var->get()) == 0) ThrowUnbound(func, *buffer, *var);
      });
    }
  }
}

}  // namespace

ir::PrimFunc CheckKernel(const ir::PrimFunc& func, const lower::Context& context) {
  KernelChecker checker(func->span, context);
  for (const ffi::Any& param : func->params) checker.Visit(param);
  checker.VisitStmt(func->body);
  CheckSymbols(func);
  CheckRaces(func);
  CheckRacePoints(func);
  return func;
}

}  // namespace tilescale::pass
