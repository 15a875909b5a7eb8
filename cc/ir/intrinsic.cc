#include "cc/ir/intrinsic.h"

#include <algorithm>
#include <map>

#include "cc/support/diagnostic.h"

namespace tilescale::ir {
namespace {

// Filled while the library is loaded, read only afterwards.
std::map<std::string, Intrinsic>& Registry() {
  static std::map<std::string, Intrinsic> registry;
  return registry;
}

support::UserError TypeError(const std::string& op) {
  return support::UserError("IntrinsicTypeError").Message("`" + op + "` cannot take these values");
}

DType OnlyArgType(const Intrinsic& decl, const ffi::Array<ffi::Any>& args) {
  DType type = dtype::Handle();
  bool first = true;
  for (const ffi::Any& arg : args) {
    auto expr = arg.as<Expr>();
    if (!expr) continue;
    if (!first && expr->dtype() != type) {
      TypeError(decl.name)
          .Expected("arguments of one type")
          .Got(dtype::Name(type) + " and " + dtype::Name(expr->dtype()))
          .Remedy("cast one of them")
          .Throw();
    }
    type = expr->dtype();
    first = false;
  }
  return type;
}

DType ResultType(const Intrinsic& decl, const ffi::Array<ffi::Any>& args, DType given) {
  switch (decl.type_rule) {
    case TypeRule::kBool:
      return dtype::Bool();
    case TypeRule::kInt32:
      return dtype::Int(32);
    case TypeRule::kExplicit:
      return given;
    default:
      break;
  }
  DType type = OnlyArgType(decl, args);
  bool wrong = decl.type_rule == TypeRule::kSameFloat && !dtype::IsFloat(type);
  if (wrong) {
    TypeError(decl.name)
        .Expected("floating-point arguments")
        .Got(dtype::Name(type))
        .Remedy("cast the argument, e.g. T.cast(x, \"float32\")")
        .Throw();
  }
  return type;
}

}  // namespace

bool RegisterIntrinsic(Intrinsic intrinsic) {
  std::string name = intrinsic.name;
  bool added = Registry().emplace(name, std::move(intrinsic)).second;
  TILESCALE_CHECK(added, "intrinsic " << name << " is registered twice");
  return true;
}

const Intrinsic* FindIntrinsic(const std::string& name) {
  auto it = Registry().find(name);
  return it == Registry().end() ? nullptr : &it->second;
}

bool ActsOnWholeWarps(const CallObj* call) {
  const Intrinsic* decl = FindIntrinsic(call->op);
  const bool names_lanes = decl && decl->mask >= 0 && decl->mask < int64_t(call->args.size());
  if (!names_lanes) return true;
  const int64_t* lanes = AsConstInt(Call::Arg(call, decl->mask));
  return lanes && (*lanes == -1 || *lanes == 0xffffffff);
}

std::vector<std::string> IntrinsicNames() {
  std::vector<std::string> names;
  for (const auto& [name, decl] : Registry()) names.push_back(name);
  return names;
}

Expr MakeCall(const std::string& op, ffi::Array<ffi::Any> args,
              ffi::Map<ffi::String, ffi::Any> attrs, DType given) {
  const Intrinsic* decl = FindIntrinsic(op);
  if (!decl) return Call(given, op, std::move(args), std::move(attrs));
  int count = static_cast<int>(args.size());
  if (decl->arity >= 0 && decl->arity != count) {
    TypeError(op)
        .Expected(std::to_string(decl->arity) + " arguments")
        .Got(std::to_string(count))
        .Remedy("see the signature: " + decl->doc)
        .Throw();
  }
  DType type = ResultType(*decl, args, given);
  return Call(type, op, std::move(args), std::move(attrs));
}

}  // namespace tilescale::ir
