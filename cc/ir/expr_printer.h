#ifndef TILESCALE_CC_IR_EXPR_PRINTER_H_
#define TILESCALE_CC_IR_EXPR_PRINTER_H_

#include <string>

#include "cc/ir/buffer.h"
#include "cc/ir/print_names.h"
#include "cc/ir/stmt.h"

namespace tilescale::ir {

/// Prints everything below statements. Operators with operands that are operators themselves are
/// put in parentheses, so the text needs no precedence to be read.
class ExprPrinter {
 public:
  explicit ExprPrinter(PrintNames* names) : names_(names) {}

  std::string Expression(const Expr& e);
  std::string List(const ffi::Array<Expr>& items);
  std::string Name(const Buffer& buffer) { return names_->Of(buffer.get(), buffer->name); }
  std::string Name(const Var& var) { return names_->Of(var.get(), var->name); }
  /// `name: dtype[shape] scope`, with `strides [...]` where they are explicit.
  std::string Declaration(const Buffer& buffer);
  std::string RegionText(const Region& region);
  /// Any attribute or field value: expressions as such, plain integers and flags after `#`.
  std::string Value(const ffi::Any& value);
  /// `` or ` {"key": value, ...}`, keys sorted.
  std::string Attrs(const AttrMap& attrs);

 private:
  std::string Operand(const Expr& e);
  std::string Constant(const Expr& e);
  std::string BinaryText(const BinaryObj* op);
  std::string CallText(const CallObj* call);
  std::string MapText(const ffi::Map<ffi::Any, ffi::Any>& map);

  PrintNames* names_;
};

std::string Quoted(const std::string& text);

}  // namespace tilescale::ir

#endif  // TILESCALE_CC_IR_EXPR_PRINTER_H_
