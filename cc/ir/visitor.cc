#include "cc/ir/visitor.h"

#include <tvm/ffi/reflection/accessor.h>

namespace tilescale::ir {

void Visitor::Visit(const ffi::Any& value) {
  if (auto expr = value.as<Expr>()) return VisitExpr(*expr);
  if (auto stmt = value.as<Stmt>()) return VisitStmt(*stmt);
  if (auto buffer = value.as<Buffer>()) return VisitBuffer(*buffer);
  if (auto region = value.as<Region>()) return VisitRegion(*region);
  if (const auto* array = value.as<ffi::ArrayObj>()) {
    for (const ffi::Any& item : *array) Visit(item);
  } else if (const auto* map = value.as<ffi::MapObj>()) {
    for (const auto& [key, item] : *map) Visit(item);
  } else if (auto func = value.as<PrimFunc>()) {
    Visit((*func)->params);
    VisitStmt((*func)->body);
  } else if (const auto* module = value.as<ModuleObj>()) {
    for (const auto& [name, func] : module->functions) Visit(func);
  }
}

void Visitor::VisitFields(const ffi::ObjectRef& node) {
  const TVMFFITypeInfo* info = TVMFFIGetTypeInfo(node->type_index());
  ffi::reflection::ForEachFieldInfo(info, [&](const TVMFFIFieldInfo* field) {
    Visit(ffi::reflection::FieldGetter(field)(node));
  });
}

}  // namespace tilescale::ir
