#include "cc/ir/expr_parser.h"

#include <tvm/ffi/extra/json.h>
#include <tvm/ffi/extra/serialization.h>

#include <cmath>
#include <optional>

namespace tilescale::ir {
namespace {

std::optional<BinaryKind> InfixKind(const Token& token) {
  if (token.kind == TokenKind::kString) return std::nullopt;
  for (int i = 0; i < kNumBinaryKinds; ++i) {
    auto kind = static_cast<BinaryKind>(i);
    if (token.text == BinarySymbol(kind)) return kind;
  }
  return std::nullopt;
}

}  // namespace

const ffi::Any* ExprParser::Find(const std::string& name) const {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    auto it = scope->find(name);
    if (it != scope->end()) return &it->second;
  }
  return nullptr;
}

int64_t ExprParser::Integer() {
  bool negative = lex_.Accept("-");
  std::string digits = lex_.Take(TokenKind::kNumber, "an integer");
  // Through unsigned: the most negative value has no positive counterpart.
  auto magnitude = static_cast<int64_t>(std::stoull(digits));
  return negative ? static_cast<int64_t>(-static_cast<uint64_t>(magnitude)) : magnitude;
}

double ExprParser::Float() {
  bool negative = lex_.Accept("-");
  double value = 0;
  if (lex_.Accept("inf")) {
    value = INFINITY;
  } else if (lex_.Accept("nan")) {
    value = NAN;
  } else {
    value = std::stod(lex_.Take(TokenKind::kNumber, "a number"));
  }
  return negative ? -value : value;
}

DType ExprParser::Type() { return dtype::Parse(lex_.Take(TokenKind::kName, "a dtype")); }

ffi::Array<Expr> ExprParser::List(const std::string& open, const std::string& close) {
  ffi::Array<Expr> items;
  lex_.Expect(open);
  while (!lex_.Is(close)) {
    items.push_back(Expression());
    if (!lex_.Accept(",")) break;
  }
  lex_.Expect(close);
  return items;
}

Var ExprParser::VarDecl() {
  std::string name = lex_.Take(TokenKind::kName, "a name");
  lex_.Expect(":");
  Var var(name, Type());
  scopes_.back()[name] = var;
  return var;
}

Var ExprParser::VarUseOrDecl() {
  const ffi::Any* found = Find(lex_.Peek().text);
  auto var = found ? found->as<Var>() : std::nullopt;
  if (!var) return VarDecl();
  lex_.Next();
  lex_.Expect(":");
  Type();
  return *var;
}

Buffer ExprParser::BufferDecl() {
  std::string name = lex_.Take(TokenKind::kName, "a name");
  lex_.Expect(":");
  DType type = Type();
  ffi::Array<Expr> shape = Indices();
  std::string scope = lex_.Take(TokenKind::kName, "a scope");
  ffi::Array<Expr> strides;
  if (lex_.Accept("strides")) strides = Indices();
  Buffer buffer(name, type, shape, strides, scope);
  scopes_.back()[name] = buffer;
  return buffer;
}

Buffer ExprParser::BufferUse() {
  const ffi::Any* found = Find(lex_.Peek().text);
  auto buffer = found ? found->as<Buffer>() : std::nullopt;
  if (!buffer) lex_.Fail("the name of a buffer");
  lex_.Next();
  return *buffer;
}

Expr ExprParser::Expression() {
  if (lex_.Accept("not")) return Not(Operand());
  Expr left = Operand();
  auto kind = InfixKind(lex_.Peek());
  if (!kind) return left;
  lex_.Next();
  return Binary(*kind, left, Operand());
}

Expr ExprParser::Operand() {
  if (lex_.Accept("(")) {
    Expr inner = Expression();
    lex_.Expect(")");
    return inner;
  }
  return Primary();
}

Expr ExprParser::Primary() {
  if (lex_.Accept("@")) return Intrinsic();
  if (lex_.Accept("&")) {
    Buffer buffer = BufferUse();
    return AddressOf(buffer, Indices());
  }
  bool negative_number = lex_.Is("-");
  if (negative_number || lex_.Peek().kind == TokenKind::kNumber) {
    return IntImm(dtype::Int(32), Integer());
  }
  if (lex_.Peek().kind != TokenKind::kName) lex_.Fail("an expression");
  if (const ffi::Any* found = Find(lex_.Peek().text)) {
    if (auto var = found->as<Var>()) {
      lex_.Next();
      return *var;
    }
    Buffer buffer = BufferUse();
    return Load(buffer, Indices());
  }
  return Named(lex_.Next().text);
}

// Words of the grammar, and constants written as dtype(value).
Expr ExprParser::Named(const std::string& name) {
  if (name == "true" || name == "false") return IntImm(dtype::Bool(), name == "true");
  if (name == "str") {
    lex_.Expect("(");
    StringImm text(lex_.Take(TokenKind::kString, "a string"));
    lex_.Expect(")");
    return text;
  }
  if (name == "cast") {
    lex_.Expect("(");
    DType type = Type();
    lex_.Expect(",");
    Expr value = Expression();
    lex_.Expect(")");
    return Cast(type, value);
  }
  if (name == "select") {
    ffi::Array<Expr> args = List("(", ")");
    if (args.size() != 3) lex_.Fail("three operands of select before this");
    return Select(args[0], args[1], args[2]);
  }
  if (auto kind = InfixKind({TokenKind::kName, name, 0, 0})) {
    ffi::Array<Expr> args = List("(", ")");
    if (args.size() != 2) lex_.Fail("two operands of " + name + " before this");
    return Binary(*kind, args[0], args[1]);
  }
  if (!lex_.Is("(")) lex_.Fail("a name in scope before this, not `" + name + "`");
  return Constant(dtype::Parse(name));
}

Expr ExprParser::Constant(DType type) {
  lex_.Expect("(");
  bool is_float = dtype::IsFloat(type);
  Expr value = is_float ? Expr(FloatImm(type, Float())) : Expr(IntImm(type, Integer()));
  lex_.Expect(")");
  return value;
}

Expr ExprParser::Intrinsic() {
  std::string op = lex_.Take(TokenKind::kName, "an intrinsic");
  lex_.Expect(".");
  std::string last = lex_.Take(TokenKind::kName, "a dtype");
  // Names of intrinsics may hold dots; what follows the last one is the dtype.
  while (lex_.Accept(".")) {
    op += "." + last;
    last = lex_.Take(TokenKind::kName, "a dtype");
  }
  lex_.Expect("(");
  ffi::Array<ffi::Any> args;
  while (!lex_.Is(")")) {
    args.push_back(Value());
    if (!lex_.Accept(",")) break;
  }
  lex_.Expect(")");
  return Call(dtype::Parse(last), op, args, Attrs());
}

// After the name of a buffer: nothing, element indices, or ranges.
ffi::Any ExprParser::Element(const Buffer& buffer) {
  if (!lex_.Accept("[")) return buffer;
  ffi::Array<Expr> mins, extents;
  bool scalar_region = lex_.Accept(":+");
  while (!lex_.Is("]")) {
    mins.push_back(Expression());
    if (lex_.Accept(":+")) extents.push_back(Expression());
    if (!lex_.Accept(",")) break;
  }
  lex_.Expect("]");
  if (extents.empty() && !scalar_region) return Load(buffer, mins);
  return Region(buffer, mins, extents);
}

// After `#`: a plain flag, integer or float.
ffi::Any ExprParser::Plain() {
  if (lex_.Accept("true")) return true;
  if (lex_.Accept("false")) return false;
  if (lex_.Accept("float")) return Float();
  return Integer();
}

ffi::Any ExprParser::ArrayValue() {
  ffi::Array<ffi::Any> items;
  while (!lex_.Is("]")) {
    items.push_back(Value());
    if (!lex_.Accept(",")) break;
  }
  lex_.Expect("]");
  return items;
}

ffi::Any ExprParser::MapValue() {
  ffi::Map<ffi::Any, ffi::Any> entries;
  while (!lex_.Is("}")) {
    ffi::Any key = Value();
    lex_.Expect(":");
    entries.Set(key, Value());
    if (!lex_.Accept(",")) break;
  }
  lex_.Expect("}");
  return entries;
}

ffi::Any ExprParser::Value() {
  if (lex_.Peek().kind == TokenKind::kString) return ffi::String(lex_.Next().text);
  if (lex_.Accept("none")) return nullptr;
  if (lex_.Accept("#")) return Plain();
  if (lex_.Accept("[")) return ArrayValue();
  if (lex_.Accept("{")) return MapValue();
  if (lex_.Accept("json")) {
    lex_.Expect("(");
    std::string text = lex_.Take(TokenKind::kString, "a string");
    lex_.Expect(")");
    return ffi::FromJSONGraph(ffi::json::Parse(text));
  }
  const ffi::Any* found = Find(lex_.Peek().text);
  if (found && found->as<Buffer>()) {
    ffi::Any element = Element(BufferUse());
    auto left = element.as<Expr>();
    auto kind = left ? InfixKind(lex_.Peek()) : std::nullopt;
    if (!kind) return element;
    lex_.Next();
    return Binary(*kind, *left, Operand());
  }
  return Expression();
}

AttrMap ExprParser::Attrs() {
  Lexer::Mark start = lex_.Here();
  bool attrs = lex_.Accept("{") && lex_.Peek().kind == TokenKind::kString;
  if (attrs) return MapValue().cast<AttrMap>();
  lex_.Rewind(start);
  return {};
}

}  // namespace tilescale::ir
