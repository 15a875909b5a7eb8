#include "cc/pass/plan_shared.h"

#include <algorithm>

#include "cc/ir/span.h"
#include "cc/ir/visitor.h"
#include "cc/pass/fragment_layouts.h"
#include "cc/support/diagnostic.h"

namespace tilescale::pass {
namespace {

// Bytes: one row of banks, and enough for every vector access.
constexpr int64_t kAlignment = 128;

void CheckConstant(const ir::AllocObj* alloc) {
  if (ConstSize(alloc->buffer->shape) >= 0) return;
  support::UserError("DynamicAllocationError")
      .Message("`" + std::string(alloc->buffer->name) + "` has an extent that is not constant")
      .Expected("constant extents for on-chip buffers")
      .Got("an extent known only at run time")
      .Remedy("allocate the largest tile and use a part of it")
      .At(ir::ToLocation(alloc->span))
      .Throw();
}

}  // namespace

ir::PrimFunc PlanShared(const ir::PrimFunc& func, const lower::cuda::Context&) {
  ffi::Array<int64_t> offsets;
  int64_t total = 0;
  ir::ForEachStmt(func->body, [&](const ir::Stmt& s) {
    const auto* alloc = s.as<ir::AllocObj>();
    if (!alloc) return;
    CheckConstant(alloc);
    if (!alloc->buffer.IsScope(ir::scope::kShared)) {
      offsets.push_back(-1);
      return;
    }
    offsets.push_back(total);
    int64_t bits = ConstSize(alloc->buffer->shape) *
                   std::max<int64_t>(ir::dtype::Bits(alloc->buffer->dtype), 4);
    if (ir::dtype::IsBool(alloc->buffer->dtype)) bits = ConstSize(alloc->buffer->shape) * 8;
    total += (bits + 8 * kAlignment - 1) / (8 * kAlignment) * kAlignment;
  });
  ir::AttrMap attrs = func->attrs;
  attrs.Set("shared_offsets", offsets);
  attrs.Set("shared_bytes", total);
  return ir::PrimFunc(func->name, func->symbols, func->params, func->roles, func->body, attrs,
                      func->span);
}

}  // namespace tilescale::pass
