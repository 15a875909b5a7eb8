#include "cc/codegen/cuda/parameter_alignment.h"

#include <algorithm>
#include <unordered_map>

#include "cc/ir/visitor.h"

namespace tilescale::codegen::cuda {
namespace {

namespace ffi = tvm::ffi;

// Tensors, pointers, and what is declared over them -> number of the parameter.
using Roots = std::unordered_map<const ffi::Object*, size_t>;

Roots FindRoots(const ir::PrimFunc& func) {
  Roots roots;
  for (size_t i = 0; i < func->params.size(); ++i) {
    roots.emplace(func->params[i].cast<ffi::ObjectRef>().get(), i);
  }
  ir::ForEachStmt(func->body, [&](const ir::Stmt& s) {
    const ffi::Object* source = nullptr;
    const auto* view = s.as<ir::ViewObj>();
    const auto* tensor = s.as<ir::DeclTensorObj>();
    if (view) source = view->source.get();
    if (tensor) {
      const auto* cast = tensor->address.as<ir::CastObj>();
      source = (cast ? cast->value : tensor->address).get();
    }
    auto root = roots.find(source);
    if (root == roots.end()) return;
    roots.emplace(view ? view->buffer.get() : tensor->buffer.get(), root->second);
  });
  return roots;
}

bool IsUserFunction(const ir::CallObj* call) {
  return call->op == "call_extern" || call->op == "call_pure_extern";
}

}  // namespace

std::vector<ParameterAlignment> ParameterAlignments(const ir::PrimFunc& lowered,
                                                    const lower::cuda::Context& context) {
  const Roots roots = FindRoots(lowered);
  std::vector<ParameterAlignment> result(lowered->params.size());
  for (const auto& [object, number] : roots) {
    const auto* buffer =
        object->IsInstance<ir::BufferObj>() ? static_cast<const ir::BufferObj*>(object) : nullptr;
    if (!buffer) continue;
    const int64_t bits = int64_t{buffer->dtype.bits} * buffer->dtype.lanes;
    result[number].all = std::max(result[number].all, bits / 8);
  }
  ir::ForEachExpr(lowered->body, [&](const ir::Expr& e) {
    const auto* call = e.as<ir::CallObj>();
    for (size_t i = 0; call && i < call->args.size(); ++i) {
      const auto* address = call->args[i].as<ir::AddressOfObj>();
      auto root = address ? roots.find(address->buffer.get()) : roots.end();
      if (root == roots.end()) continue;
      ParameterAlignment& needs = result[root->second];
      auto bytes = call->attrs.find("bytes");
      if (bytes != call->attrs.end()) {
        needs.vectors = std::max(needs.vectors, (*bytes).second.cast<int64_t>());
      }
      if (IsUserFunction(call)) needs.all = std::max(needs.all, lower::cuda::kVectorBytes);
    }
  });
  // What the compiler did not choose does not change with the alignment.
  for (ParameterAlignment& needs : result) {
    if (needs.vectors > context.tensor_alignment) needs.all = std::max(needs.all, needs.vectors);
    needs.vectors = std::max(needs.vectors, needs.all);
  }
  return result;
}

}  // namespace tilescale::codegen::cuda
