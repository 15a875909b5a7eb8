#ifndef TILESCALE_CC_IR_EXPR_PARSER_H_
#define TILESCALE_CC_IR_EXPR_PARSER_H_

#include <map>
#include <string>
#include <vector>

#include "cc/ir/buffer.h"
#include "cc/ir/lexer.h"
#include "cc/ir/stmt.h"

namespace tilescale::ir {

/// Reads everything below statements, and keeps the names in scope.
class ExprParser {
 public:
  explicit ExprParser(Lexer* lexer) : lex_(*lexer) {}

  Expr Expression();
  /// `open e, e, ... close`, possibly empty.
  ffi::Array<Expr> List(const std::string& open, const std::string& close);
  DType Type();
  /// `name: dtype`; the variable is in scope from here on.
  Var VarDecl();
  /// `name: dtype[shape] scope [strides [...]]`; in scope from here on.
  Buffer BufferDecl();
  /// The same text for a scalar parameter, which may be one of the symbols already in scope.
  Var VarUseOrDecl();
  Buffer BufferUse();
  ffi::Any Value();
  /// A map, or nothing. `{` opens a block too; attributes start with a quoted key.
  AttrMap Attrs();
  ffi::Array<Expr> Indices() { return List("[", "]"); }

  void PushScope() { scopes_.emplace_back(); }
  void PopScope() { scopes_.pop_back(); }

 private:
  Expr Operand();
  Expr Primary();
  Expr Named(const std::string& name);
  Expr Intrinsic();
  Expr Constant(DType type);
  ffi::Any Element(const Buffer& buffer);
  ffi::Any Plain();
  ffi::Any MapValue();
  ffi::Any ArrayValue();
  const ffi::Any* Find(const std::string& name) const;
  double Float();
  int64_t Integer();

  Lexer& lex_;
  std::vector<std::map<std::string, ffi::Any>> scopes_ = {{}};
};

}  // namespace tilescale::ir

#endif  // TILESCALE_CC_IR_EXPR_PARSER_H_
