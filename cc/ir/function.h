#ifndef TILESCALE_CC_IR_FUNCTION_H_
#define TILESCALE_CC_IR_FUNCTION_H_

#include "cc/ir/stmt.h"

namespace tilescale::ir {

/// A kernel. `params` are `Var` (scalar or pointer) or `Buffer` (tensor), in call order; `roles`
/// has one of "input", "output", "workspace", "scalar", "pointer" for each. Outputs and workspaces
/// are allocated by the runtime. `symbols` are the dynamic extents and strides; each must appear
/// alone as an extent or a stride of a tensor, or be a scalar parameter itself.
class PrimFuncObj : public ffi::Object {
 public:
  ffi::String name;
  ffi::Array<Var> symbols;
  ffi::Array<ffi::Any> params;
  ffi::Array<ffi::String> roles;
  Stmt body;
  AttrMap attrs;
  Span span;

  PrimFuncObj(ffi::String name, ffi::Array<Var> symbols, ffi::Array<ffi::Any> params,
              ffi::Array<ffi::String> roles, Stmt body, AttrMap attrs, Span span)
      : name(std::move(name)),
        symbols(std::move(symbols)),
        params(std::move(params)),
        roles(std::move(roles)),
        body(std::move(body)),
        attrs(std::move(attrs)),
        span(std::move(span)) {}
  static constexpr const TVMFFISEqHashKind _type_s_eq_hash_kind = kTVMFFISEqHashKindTreeNode;
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.PrimFunc", PrimFuncObj, ffi::Object);
};
class PrimFunc : public ffi::ObjectRef {
 public:
  PrimFunc(ffi::String name, ffi::Array<Var> symbols, ffi::Array<ffi::Any> params,
           ffi::Array<ffi::String> roles, Stmt body, AttrMap attrs = {}, Span span = Span())
      : ObjectRef(ffi::make_object<PrimFuncObj>(
            std::move(name), std::move(symbols), std::move(params), std::move(roles),
            std::move(body), std::move(attrs), std::move(span))) {}
  /// The same function with another body.
  PrimFunc WithBody(Stmt body) const;
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(PrimFunc, ffi::ObjectRef, PrimFuncObj);
};

/// Functions compiled together.
class ModuleObj : public ffi::Object {
 public:
  ffi::Map<ffi::String, PrimFunc> functions;

  explicit ModuleObj(ffi::Map<ffi::String, PrimFunc> functions) : functions(std::move(functions)) {}
  static constexpr const TVMFFISEqHashKind _type_s_eq_hash_kind = kTVMFFISEqHashKindTreeNode;
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.Module", ModuleObj, ffi::Object);
};
class Module : public ffi::ObjectRef {
 public:
  explicit Module(ffi::Map<ffi::String, PrimFunc> functions)
      : ObjectRef(ffi::make_object<ModuleObj>(std::move(functions))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Module, ffi::ObjectRef, ModuleObj);
};

}  // namespace tilescale::ir

#endif  // TILESCALE_CC_IR_FUNCTION_H_
