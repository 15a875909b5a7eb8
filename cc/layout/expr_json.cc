#include "cc/layout/expr_json.h"

#include <tvm/ffi/error.h>

#include <string>
#include <vector>

#include "cc/layout/int_expr.h"

namespace tilescale::layout {

using ir::Expr;
using ir::Var;
using tvm::ffi::Any;
using tvm::ffi::Array;
using tvm::ffi::Shape;
using tvm::ffi::String;

namespace {

int64_t VarNumber(const ir::VarObj* var, const Array<Var>& vars) {
  for (size_t i = 0; i < vars.size(); ++i) {
    if (vars[i].get() == var) return static_cast<int64_t>(i);
  }
  TVM_FFI_THROW(ValueError) << "cannot store the free variable `" << std::string(var->name) << "`";
}

Any ConstToJson(const ir::IntImmObj* imm) {
  if (imm->dtype == ir::dtype::Int(32)) return imm->value;
  return Array<Any>{String("const"), String(ir::dtype::Name(imm->dtype)), imm->value};
}

Expr BinaryFromJson(const std::string& name, const Expr& a, const Expr& b) {
  for (int i = 0; i < ir::kNumBinaryKinds; ++i) {
    auto kind = static_cast<ir::BinaryKind>(i);
    if (name == ir::BinaryName(kind)) return ir::Binary(kind, a, b);
  }
  TVM_FFI_THROW(ValueError) << "a stored layout has the unknown operator `" << name << "`";
}

}  // namespace

Array<Any> VarsToJson(const Array<Var>& vars) {
  Array<Any> out;
  for (const Var& var : vars) {
    out.push_back(Array<Any>{var->name, String(ir::dtype::Name(var.dtype()))});
  }
  return out;
}

Array<Var> VarsFromJson(const Any& data) {
  Array<Var> vars;
  for (const Any& entry : data.cast<Array<Any>>()) {
    auto pair = entry.cast<Array<Any>>();
    vars.push_back(Var(pair[0].cast<String>(), ir::dtype::Parse(pair[1].cast<String>())));
  }
  return vars;
}

Any ExprToJson(const Expr& expr, const Array<Var>& vars) {
  if (const auto* imm = expr.as<ir::IntImmObj>()) return ConstToJson(imm);
  if (const auto* var = expr.as<ir::VarObj>()) {
    return Array<Any>{String("var"), VarNumber(var, vars)};
  }
  if (const auto* op = expr.as<ir::BinaryObj>()) {
    return Array<Any>{String(ir::BinaryName(op->kind)), ExprToJson(op->a, vars),
                      ExprToJson(op->b, vars)};
  }
  if (const auto* op = expr.as<ir::NotObj>()) {
    return Array<Any>{String("not"), ExprToJson(op->a, vars)};
  }
  if (const auto* op = expr.as<ir::SelectObj>()) {
    return Array<Any>{String("select"), ExprToJson(op->cond, vars), ExprToJson(op->a, vars),
                      ExprToJson(op->b, vars)};
  }
  if (const auto* op = expr.as<ir::CastObj>()) {
    return Array<Any>{String("cast"), String(ir::dtype::Name(op->dtype)),
                      ExprToJson(op->value, vars)};
  }
  TVM_FFI_THROW(ValueError) << "cannot store `" << ExprText(expr) << "` in a layout";
}

Expr ExprFromJson(const Any& data, const Array<Var>& vars) {
  if (auto value = data.as<int64_t>()) return ir::MakeInt(ir::dtype::Int(32), *value);
  auto node = data.cast<Array<Any>>();
  std::string name = node[0].cast<String>();
  if (name == "var") return vars[node[1].cast<int64_t>()];
  if (name == "const") {
    return ir::MakeInt(ir::dtype::Parse(node[1].cast<String>()), node[2].cast<int64_t>());
  }
  if (name == "cast") {
    return ir::Cast(ir::dtype::Parse(node[1].cast<String>()), ExprFromJson(node[2], vars));
  }
  Expr first = ExprFromJson(node[1], vars);
  if (name == "not") return ir::Not(first);
  Expr second = ExprFromJson(node[2], vars);
  if (name == "select") return ir::Select(first, second, ExprFromJson(node[3], vars));
  return BinaryFromJson(name, first, second);
}

Array<Any> ExprsToJson(const Array<Expr>& exprs, const Array<Var>& vars) {
  Array<Any> out;
  for (const Expr& expr : exprs) out.push_back(ExprToJson(expr, vars));
  return out;
}

Array<Expr> ExprsFromJson(const Any& data, const Array<Var>& vars) {
  Array<Expr> out;
  for (const Any& entry : data.cast<Array<Any>>()) out.push_back(ExprFromJson(entry, vars));
  return out;
}

Array<Any> ShapeToJson(const Shape& shape) { return Array<Any>(shape.begin(), shape.end()); }

Shape ShapeFromJson(const Any& data) {
  std::vector<int64_t> values;
  for (const Any& entry : data.cast<Array<Any>>()) values.push_back(entry.cast<int64_t>());
  return Shape(values);
}

}  // namespace tilescale::layout
