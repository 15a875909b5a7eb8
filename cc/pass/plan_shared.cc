#include "cc/pass/plan_shared.h"

#include <algorithm>
#include <map>
#include <vector>

#include "cc/ir/span.h"
#include "cc/ir/visitor.h"
#include "cc/machine/shared_memory.h"
#include "cc/pass/fragment_layouts.h"
#include "cc/pass/shared_sizes.h"
#include "cc/support/diagnostic.h"

namespace tilescale::pass {
namespace {

constexpr int64_t kTileAlignment = 1024;

// Where each place starts. Those that are whole tiles come first: so they are aligned to them.
std::map<int64_t, int64_t> PlaceOffsets(const std::vector<const ir::AllocObj*>& allocs,
                                        const std::vector<int64_t>& places) {
  std::map<int64_t, int64_t> sizes, offsets;
  for (size_t i = 0; i < allocs.size(); ++i) {
    sizes[places[i]] = std::max(sizes[places[i]], SharedBytes(allocs[i]));
  }
  int64_t next = 0;
  for (bool tiles : {true, false}) {
    for (const auto& [place, bytes] : sizes) {
      if ((bytes % kTileAlignment == 0) != tiles) continue;
      offsets[place] = next;
      next += bytes;
    }
  }
  return offsets;
}

std::string BufferText(const ir::AllocObj* alloc) {
  std::string text = "`" + std::string(alloc->buffer->name) + "` [";
  for (size_t i = 0; i < alloc->buffer->shape.size(); ++i) {
    text += (i ? ", " : "") + std::to_string(*ir::AsConstInt(alloc->buffer->shape[i]));
  }
  return text + "] " + ir::dtype::Name(alloc->buffer->dtype) + ": " +
         std::to_string(SharedBytes(alloc));
}

// Why the buffer is here although it was to live in registers; empty of other buffers.
std::string ReasonOf(const ir::PrimFunc& func, const ir::AllocObj* alloc) {
  auto decisions = func->attrs.find("fragments");
  if (decisions == func->attrs.end()) return "";
  const std::string start = std::string(alloc->buffer->name) + ": shared memory, because ";
  for (const ffi::String& line : (*decisions).second.cast<ffi::Array<ffi::String>>()) {
    const std::string text(line);
    if (text.compare(0, start.size(), start) == 0) return text.substr(start.size());
  }
  return "";
}

bool HasTooManyRegisters(const ir::PrimFunc& func, const ir::AllocObj* alloc) {
  return ReasonOf(func, alloc).rfind(kTooManyRegisters, 0) == 0;
}

// Throws for the largest fragment that has come here for want of registers, if there is one.
void CheckFragments(const ir::PrimFunc& func, const std::vector<const ir::AllocObj*>& allocs,
                    int64_t total, int64_t limit, const std::string& arch) {
  const ir::AllocObj* largest = nullptr;
  for (const ir::AllocObj* alloc : allocs) {
    if (!HasTooManyRegisters(func, alloc)) continue;
    if (!largest || SharedBytes(alloc) > SharedBytes(largest)) largest = alloc;
  }
  if (!largest) return;
  support::UserError("RegisterLimitError")
      .Message("the fragment `" + std::string(largest->buffer->name) +
               "` fits neither in the registers of a block of " + arch +
               " nor in its shared memory")
      .Expected("at most 255 registers of a thread, and " + std::to_string(limit) +
                " bytes of shared memory for larger fragments and all else")
      .Got(std::string(largest->buffer->name) + ": shared memory, because " +
           ReasonOf(func, largest) + "; in all " + std::to_string(total) + " bytes")
      .Remedy("use a smaller tile, more threads, or a narrower dtype")
      .At(ir::ToLocation(largest->span))
      .Throw();
}

void CheckLimit(const ir::PrimFunc& func, const std::vector<const ir::AllocObj*>& allocs,
                int64_t total, const std::string& arch) {
  const int64_t limit = machine::SharedMemoryLimit(arch);
  if (total <= limit) return;
  CheckFragments(func, allocs, total, limit, arch);
  std::string buffers;
  for (const ir::AllocObj* alloc : allocs) {
    const std::string reason = ReasonOf(func, alloc);
    buffers += (buffers.empty() ? "" : ", ") + BufferText(alloc) +
               (reason.empty() ? "" : " (a fragment, here because " + reason + ")");
  }
  support::UserError("SharedMemoryLimitError")
      .Message("the kernel needs more shared memory than a block of " + arch + " can have")
      .Expected("at most " + std::to_string(limit) + " bytes")
      .Got(std::to_string(total) + " bytes: " + buffers)
      .Remedy("use smaller tiles, fewer num_stages, or a narrower dtype")
      .At(ir::ToLocation(allocs.front()->span))
      .Throw();
}

}  // namespace

ir::PrimFunc PlanShared(const ir::PrimFunc& func, const lower::cuda::Context& context) {
  std::vector<const ir::AllocObj*> allocs = SharedAllocs(func->body);
  std::vector<int64_t> places = SharedPlaces(func, allocs.size());
  const int64_t total = TotalBytes(allocs, places);
  CheckLimit(func, allocs, total, context.arch);
  std::map<int64_t, int64_t> starts = PlaceOffsets(allocs, places);
  ffi::Array<int64_t> offsets;
  size_t next = 0;
  ir::ForEachStmt(func->body, [&](const ir::Stmt& s) {
    const auto* alloc = s.as<ir::AllocObj>();
    if (!alloc) return;
    offsets.push_back(alloc->buffer.IsScope(ir::scope::kShared) ? starts.at(places[next++]) : -1);
  });
  ir::AttrMap attrs = func->attrs;
  attrs.Set("shared_offsets", offsets);
  attrs.Set("shared_bytes", total);
  return ir::PrimFunc(func->name, func->symbols, func->params, func->roles, func->body, attrs,
                      func->span);
}

}  // namespace tilescale::pass
