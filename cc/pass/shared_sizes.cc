#include "cc/pass/shared_sizes.h"

#include <algorithm>
#include <map>

#include "cc/ir/visitor.h"
#include "cc/pass/dynamic_allocation.h"
#include "cc/pass/fragment_layouts.h"
#include "cc/support/diagnostic.h"

namespace tilescale::pass {
namespace {

// Bytes. A swizzle repeats within 1024; a row of banks is 128, enough for every vector access.
constexpr int64_t kTileAlignment = 1024;
constexpr int64_t kAlignment = 128;

}  // namespace

std::vector<const ir::AllocObj*> SharedAllocs(const ir::Stmt& body) {
  std::vector<const ir::AllocObj*> allocs;
  ir::ForEachStmt(body, [&](const ir::Stmt& s) {
    const auto* alloc = s.as<ir::AllocObj>();
    if (alloc && alloc->buffer.IsScope(ir::scope::kShared)) allocs.push_back(alloc);
  });
  return allocs;
}

int64_t SharedBytes(const ir::AllocObj* alloc) {
  const ir::Buffer& buffer = alloc->buffer;
  if (ConstSize(buffer->shape) < 0) ThrowDynamicAllocation(alloc);
  const int64_t each =
      ir::dtype::IsBool(buffer->dtype) ? 8 : std::max<int64_t>(ir::dtype::Bits(buffer->dtype), 4);
  const int64_t bytes = (ConstSize(buffer->shape) * each + 7) / 8;
  // Places follow each other, so sizes keep what lies behind aligned.
  const int64_t alignment = bytes % kTileAlignment == 0 ? kTileAlignment : kAlignment;
  return (bytes + alignment - 1) / alignment * alignment;
}

std::vector<int64_t> SharedPlaces(const ir::PrimFunc& func, size_t allocations) {
  std::vector<int64_t> places;
  auto it = func->attrs.find(kSharedPlaces);
  if (it != func->attrs.end()) {
    auto given = (*it).second.cast<ffi::Array<int64_t>>();
    places.assign(given.begin(), given.end());
    TILESCALE_CHECK(places.size() == allocations, "shared buffers appeared after their planning");
    return places;
  }
  for (size_t i = 0; i < allocations; ++i) places.push_back(static_cast<int64_t>(i));
  return places;
}

int64_t TotalBytes(const std::vector<const ir::AllocObj*>& allocs,
                   const std::vector<int64_t>& places) {
  std::map<int64_t, int64_t> sizes;
  for (size_t i = 0; i < allocs.size(); ++i) {
    sizes[places[i]] = std::max(sizes[places[i]], SharedBytes(allocs[i]));
  }
  int64_t total = 0;
  for (const auto& [place, bytes] : sizes) total += bytes;
  return total;
}

}  // namespace tilescale::pass
