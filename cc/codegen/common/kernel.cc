#include "cc/codegen/common/kernel.h"

#include "cc/ir/span.h"
#include "cc/ir/visitor.h"
#include "cc/support/diagnostic.h"

namespace tilescale::codegen {
namespace {

namespace ffi = tvm::ffi;

void AppendFlat(const ir::Stmt& s, std::vector<ir::Stmt>* stmts) {
  const auto* seq = s.as<ir::SeqObj>();
  if (!seq) return stmts->push_back(s);
  for (const ir::Stmt& child : seq->stmts) AppendFlat(child, stmts);
}

}  // namespace

Kernel TakeApart(const ir::PrimFunc& func) {
  Kernel kernel{func, {}, nullptr};
  std::vector<ir::Stmt> stmts;
  AppendFlat(func->body, &stmts);
  for (const ir::Stmt& s : stmts) {
    if (const auto* grid = s.as<ir::TileLoopObj>()) {
      TILESCALE_CHECK(!kernel.grid, "several launches: see split_launches");
      kernel.grid = grid;
    } else {
      kernel.prologue.push_back(s);
    }
  }
  if (kernel.grid) return kernel;
  support::UserError("MissingKernelError")
      .Message("`" + std::string(func->name) + "` launches nothing")
      .Expected("one `with T.Kernel(...)` block")
      .Got("none")
      .Remedy("put the kernel's body into `with T.Kernel(grid...) as ...:`")
      .At(ir::ToLocation(func->span))
      .Throw();
}

Offsets PlannedOffsets(const ir::PrimFunc& func, const char* key) {
  auto places = func->attrs.at(key).cast<ffi::Array<int64_t>>();
  Offsets offsets;
  size_t next = 0;
  ir::ForEachStmt(func->body, [&](const ir::Stmt& s) {
    const auto* alloc = s.as<ir::AllocObj>();
    if (!alloc) return;
    int64_t offset = places[next++];
    if (offset >= 0) offsets.emplace(alloc->buffer.get(), offset);
  });
  return offsets;
}

}  // namespace tilescale::codegen
