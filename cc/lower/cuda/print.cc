#include "cc/op/print.h"

#include "cc/ir/intrinsic.h"
#include "cc/ir/span.h"
#include "cc/lower/common/loops.h"
#include "cc/lower/cuda/lowering.h"
#include "cc/support/diagnostic.h"

namespace tilescale::lower::cuda {
namespace {

[[maybe_unused]] const bool kDeclared =
    ir::RegisterIntrinsic({"cuda.print", -1, ir::Effect::kState, ir::TypeRule::kInt32,
                           "print(label, values...): one line with block and thread; attr indices: "
                           "how many of the values "
                           "are the indices of an element called label; attr warp: prints only "
                           "there, and its first thread if the block prints"});

ir::Stmt Line(ffi::Array<ffi::Any> args, int64_t indices, const op::PrintObj* print) {
  ffi::Map<ffi::String, ffi::Any> attrs;
  attrs.Set("indices", indices);
  auto warp = print->attrs.find("warp");
  if (warp != print->attrs.end()) attrs.Set("warp", (*warp).second);
  return ir::Evaluate(ir::MakeCall("cuda.print", std::move(args), attrs, ir::dtype::Int(32)),
                      print->span);
}

// A warp of which the block has at least one thread.
void CheckWarp(const op::PrintObj* print, const Context& context) {
  auto warp = print->attrs.find("warp");
  if (warp == print->attrs.end()) return;
  const auto number = (*warp).second.cast<int64_t>();
  const int64_t count = (context.threads + kWarpSize - 1) / kWarpSize;
  if (number < count) return;
  support::UserError("OperatorArgumentError")
      .Message("T.print names a warp that the block does not have")
      .Expected("warps 0 to " + std::to_string(count - 1) + " of " +
                std::to_string(context.threads) + " threads, 4 in each warp group")
      .Got("warp " + std::to_string(number))
      .Remedy("leave warp_id and warp_group_id out, or give T.Kernel more threads")
      .At(ir::ToLocation(print->span))
      .Throw();
}

// One line for each element, as lines of threads may be mixed but not torn. The first `in_front`
// indices are not the user's.
ir::Stmt Elements(const std::string& msg, const ir::Region& region, int64_t in_front,
                  const op::PrintObj* print) {
  std::vector<ir::Expr> extents(region->extents.begin(), region->extents.end());
  std::vector<ir::Var> vars = LoopVars(extents);
  ffi::Array<ir::Expr> indices = IndicesAt(region, AsExprs(vars));
  std::string label = (msg.empty() ? "" : msg + " ") + std::string(region->buffer->name);
  ffi::Array<ffi::Any> args = {ir::StringImm(label)};
  for (const ir::Expr& index : indices) {
    if (in_front-- <= 0) args.push_back(index);
  }
  const auto printed = static_cast<int64_t>(args.size()) - 1;
  args.push_back(ir::Load(region->buffer, indices));
  ir::Stmt body = Line(args, printed, print);
  for (size_t i = vars.size(); i-- > 0;) body = LoopOver(vars[i], extents[i], body, print->span);
  return body;
}

ir::Stmt LowerPrint(const ir::TileOp& op, const Context& context) {
  const auto* print = op.as<op::PrintObj>();
  CheckWarp(print, context);
  const std::string msg(print->msg);
  ffi::Array<ir::Stmt> stmts;
  ffi::Array<ffi::Any> line = {ir::StringImm(msg)};
  auto in_front = print->attrs.find(op::kDimsInFront);
  for (size_t i = 0; i < print->values.size(); ++i) {
    auto region = print->values[i].as<ir::Region>();
    if (!region) {
      line.push_back(print->values[i]);
      continue;
    }
    const bool moved = in_front != print->attrs.end();
    const int64_t hidden = moved ? (*in_front).second.cast<ffi::Array<int64_t>>()[i] : 0;
    stmts.push_back(Elements(msg, *region, hidden, print));
  }
  if (stmts.empty() || line.size() > 1) stmts.push_back(Line(line, 0, print));
  return ir::Seq(stmts, print->span);
}

[[maybe_unused]] const bool kRegistered = RegisterElementwise(op::PrintObj::_type_key, LowerPrint);

}  // namespace
}  // namespace tilescale::lower::cuda
