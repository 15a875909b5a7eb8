#include "cc/lower/cuda/alignment.h"

#include <algorithm>

#include "cc/ir/visitor.h"
#include "cc/lower/cuda/gemm_choice.h"

namespace tilescale::lower::cuda {

namespace ffi = tvm::ffi;

namespace {

constexpr int kFirstWideArch = 100;

}  // namespace

std::unordered_set<const ir::BufferObj*> FindCheckedTensors(const ir::PrimFunc& func) {
  std::unordered_set<const ir::BufferObj*> tensors;
  std::unordered_set<const ir::VarObj*> pointers;
  for (const ffi::Any& param : func->params) {
    if (auto buffer = param.as<ir::Buffer>()) tensors.insert(buffer->get());
    if (const auto* var = param.as<ir::VarObj>()) pointers.insert(var);
  }
  ir::ForEachStmt(func->body, [&](const ir::Stmt& s) {
    if (const auto* tensor = s.as<ir::DeclTensorObj>()) {
      const auto* cast = tensor->address.as<ir::CastObj>();
      const auto* var = (cast ? cast->value : tensor->address).as<ir::VarObj>();
      if (var && pointers.count(var)) tensors.insert(tensor->buffer.get());
    }
    const auto* view = s.as<ir::ViewObj>();
    if (view && tensors.count(view->source.get())) tensors.insert(view->buffer.get());
  });
  return tensors;
}

bool HasWideVectors(const Context& context) { return ArchNumber(context) >= kFirstWideArch; }

int64_t BaseAlignment(const ir::Buffer& buffer, const Context& context) {
  const int64_t element = (ir::dtype::Bits(buffer->dtype) + 7) / 8;
  if (!buffer.IsScope(ir::scope::kGlobal)) return kVectorBytes;
  const bool checked = context.checked_tensors.count(buffer.get()) > 0;
  return std::max(element, checked ? context.tensor_alignment : 1);
}

}  // namespace tilescale::lower::cuda
