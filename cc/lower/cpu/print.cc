#include "cc/op/print.h"

#include "cc/ir/intrinsic.h"
#include "cc/lower/cpu/lowering.h"

namespace tilescale::lower::cpu {
namespace {

// The line is collected piece by piece and handed over whole.
ir::Stmt Piece(const char* intrinsic, ffi::Array<ffi::Any> args, const ir::Span& span) {
  return ir::Evaluate(ir::MakeCall(intrinsic, std::move(args), {}, ir::dtype::Int(32)), span);
}

ir::Stmt Text(const std::string& text, const ir::Span& span) {
  return Piece("cpu.print_text", {ir::StringImm(text)}, span);
}

ir::Stmt Elements(const ir::Region& region, const ir::Span& span) {
  std::vector<ir::Expr> extents(region->extents.begin(), region->extents.end());
  std::vector<ir::Var> vars = LoopVars(extents);
  ir::Expr element = ir::Load(region->buffer, IndicesAt(region, AsExprs(vars)));
  ir::Stmt body = Piece("cpu.print_element", {element}, span);
  for (size_t i = vars.size(); i-- > 0;) body = LoopOver(vars[i], extents[i], body, span);
  return ir::Seq({Text(std::string(region->buffer->name) + " = [", span), body, Text("]", span)},
                 span);
}

ir::Stmt LowerPrint(const ir::TileOp& op, const Context&) {
  const auto* print = op.as<op::PrintObj>();
  const ir::Span& span = print->span;
  ffi::Array<ir::Stmt> stmts;
  if (!print->msg.empty()) stmts.push_back(Text(std::string(print->msg), span));
  for (const ffi::Any& value : print->values) {
    if (!stmts.empty()) stmts.push_back(Text(" ", span));
    if (auto region = value.as<ir::Region>()) {
      stmts.push_back(Elements(*region, span));
    } else {
      stmts.push_back(Piece("cpu.print_value", {value}, span));
    }
  }
  stmts.push_back(Piece("cpu.print_end", {}, span));
  return ir::Seq(stmts, span);
}

[[maybe_unused]] const bool kRegistered = RegisterLowering(op::PrintObj::_type_key, LowerPrint);

}  // namespace
}  // namespace tilescale::lower::cpu
