#include "cc/op/print.h"

#include "cc/ir/intrinsic.h"
#include "cc/lower/common/loops.h"
#include "cc/lower/cuda/lowering.h"

namespace tilescale::lower::cuda {
namespace {

[[maybe_unused]] const bool kDeclared =
    ir::RegisterIntrinsic({"cuda.print", -1, ir::Effect::kState, ir::TypeRule::kInt32,
                           "print(label, values...): one line with block and thread; attr indices: "
                           "how many of the values "
                           "are the indices of an element called label"});

ir::Stmt Line(ffi::Array<ffi::Any> args, int64_t indices, const ir::Span& span) {
  ffi::Map<ffi::String, ffi::Any> attrs;
  attrs.Set("indices", indices);
  return ir::Evaluate(ir::MakeCall("cuda.print", std::move(args), attrs, ir::dtype::Int(32)), span);
}

// One line for each element, as lines of threads may be mixed but not torn.
ir::Stmt Elements(const std::string& msg, const ir::Region& region, const ir::Span& span) {
  std::vector<ir::Expr> extents(region->extents.begin(), region->extents.end());
  std::vector<ir::Var> vars = LoopVars(extents);
  ffi::Array<ir::Expr> indices = IndicesAt(region, AsExprs(vars));
  std::string label = (msg.empty() ? "" : msg + " ") + std::string(region->buffer->name);
  ffi::Array<ffi::Any> args = {ir::StringImm(label)};
  for (const ir::Expr& index : indices) args.push_back(index);
  args.push_back(ir::Load(region->buffer, indices));
  ir::Stmt body = Line(args, static_cast<int64_t>(indices.size()), span);
  for (size_t i = vars.size(); i-- > 0;) body = LoopOver(vars[i], extents[i], body, span);
  return body;
}

ir::Stmt LowerPrint(const ir::TileOp& op, const Context&) {
  const auto* print = op.as<op::PrintObj>();
  const std::string msg(print->msg);
  ffi::Array<ir::Stmt> stmts;
  ffi::Array<ffi::Any> line = {ir::StringImm(msg)};
  for (const ffi::Any& value : print->values) {
    if (auto region = value.as<ir::Region>()) {
      stmts.push_back(Elements(msg, *region, print->span));
    } else {
      line.push_back(value);
    }
  }
  if (stmts.empty() || line.size() > 1) stmts.push_back(Line(line, 0, print->span));
  return ir::Seq(stmts, print->span);
}

[[maybe_unused]] const bool kRegistered = RegisterElementwise(op::PrintObj::_type_key, LowerPrint);

}  // namespace
}  // namespace tilescale::lower::cuda
