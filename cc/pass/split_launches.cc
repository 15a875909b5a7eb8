#include "cc/pass/split_launches.h"

#include <tvm/ffi/reflection/registry.h>

#include <string>

namespace tilescale::pass {
namespace {

bool IsAllocated(const ffi::String& role) { return role == "output" || role == "workspace"; }

ffi::Array<ffi::String> RolesOf(const ir::PrimFunc& func, bool first) {
  ffi::Array<ffi::String> roles;
  for (const ffi::String& role : func->roles) {
    roles.push_back(IsAllocated(role) ? ffi::String(first ? "output" : "input") : role);
  }
  return roles;
}

ir::PrimFunc Part(const ir::PrimFunc& func, size_t number, const ffi::Array<ir::Stmt>& stmts) {
  std::string name(func->name);
  if (number > 0) name += "_" + std::to_string(number + 1);
  ir::AttrMap attrs;
  for (const auto& [key, value] : func->attrs) {
    // The order of outputs is that of the whole function.
    if (key != "returns" && key != "returns_tuple") attrs.Set(key, value);
  }
  return ir::PrimFunc(name, func->symbols, func->params, RolesOf(func, number == 0),
                      ir::Seq(stmts, func->body->span), attrs, func->span);
}

}  // namespace

ffi::Array<ir::PrimFunc> SplitLaunches(const ir::PrimFunc& func) {
  const auto* body = func->body.as<ir::SeqObj>();
  ffi::Array<ir::PrimFunc> parts;
  ffi::Array<ir::Stmt> before;
  for (const ir::Stmt& s : body ? body->stmts : ffi::Array<ir::Stmt>{func->body}) {
    if (!s.as<ir::TileLoopObj>()) {
      before.push_back(s);
      continue;
    }
    ffi::Array<ir::Stmt> stmts = before;
    stmts.push_back(s);
    parts.push_back(Part(func, parts.size(), stmts));
  }
  return parts.size() > 1 ? parts : ffi::Array<ir::PrimFunc>{func};
}

TVM_FFI_STATIC_INIT_BLOCK() {
  tvm::ffi::reflection::GlobalDef().def("tilescale.pass.SplitLaunches", SplitLaunches);
}

}  // namespace tilescale::pass
