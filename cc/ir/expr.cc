#include "cc/ir/expr.h"

#include <array>

#include "cc/support/diagnostic.h"

namespace tilescale::ir {
namespace {

struct BinaryText {
  const char* name;
  const char* symbol;
};
constexpr std::array<BinaryText, kNumBinaryKinds> kBinaryTexts = {{
    {"add", "+"},
    {"sub", "-"},
    {"mul", "*"},
    {"div", "/"},
    {"floordiv", "//"},
    {"floormod", "%"},
    {"truncdiv", "truncdiv"},
    {"truncmod", "truncmod"},
    {"min", "min"},
    {"max", "max"},
    {"eq", "=="},
    {"ne", "!="},
    {"lt", "<"},
    {"le", "<="},
    {"gt", ">"},
    {"ge", ">="},
    {"and", "and"},
    {"or", "or"},
    {"bitand", "&"},
    {"bitor", "|"},
    {"bitxor", "^"},
    {"shl", "<<"},
    {"shr", ">>"},
}};

DType BinaryResult(BinaryKind kind, const Expr& a, const Expr& b) {
  TILESCALE_CHECK(a.dtype() == b.dtype(), BinaryName(kind) << " of " << dtype::Name(a.dtype())
                                                           << " and " << dtype::Name(b.dtype()));
  if (IsLogical(kind)) TILESCALE_CHECK(dtype::IsBool(a.dtype()), "logical operator of numbers");
  return IsCompare(kind) ? dtype::Bool() : a.dtype();
}

}  // namespace

const char* BinaryName(BinaryKind kind) { return kBinaryTexts[static_cast<size_t>(kind)].name; }
const char* BinarySymbol(BinaryKind kind) { return kBinaryTexts[static_cast<size_t>(kind)].symbol; }

Expr::Expr(int value) : Expr(IntImm(dtype::Int(32), value)) {}

Binary::Binary(BinaryKind kind, Expr a, Expr b)
    : Expr(ffi::make_object<BinaryObj>(BinaryResult(kind, a, b), kind, a, b)) {}

Expr Call::Arg(const CallObj* call, int i) {
  auto arg = call->args[i].as<Expr>();
  TILESCALE_CHECK(arg.has_value(), "argument " << i << " of " << call->op << " is no expression");
  return *arg;
}

const int64_t* AsConstInt(const Expr& e) {
  const auto* imm = e.as<IntImmObj>();
  return imm ? &imm->value : nullptr;
}

bool IsConstInt(const Expr& e, int64_t value) {
  const int64_t* imm = AsConstInt(e);
  return imm && *imm == value;
}

}  // namespace tilescale::ir
