#ifndef TILESCALE_CC_PASS_SHARED_SIZES_H_
#define TILESCALE_CC_PASS_SHARED_SIZES_H_

#include <string>
#include <vector>

#include "cc/ir/function.h"

namespace tilescale::pass {

namespace ffi = tvm::ffi;

/// The function's attribute that says which shared buffers have one place: for each allocation of
/// shared memory, in the order of the text, the number of its place.
inline constexpr const char* kSharedPlaces = "shared_places";

/// The allocations of shared memory, in the order of the text.
std::vector<const ir::AllocObj*> SharedAllocs(const ir::Stmt& body);

/// What a buffer takes, a multiple of its alignment. Throws `DynamicAllocationError` for extents
/// that are not constant.
int64_t SharedBytes(const ir::AllocObj* alloc);

/// The places of the allocations: those of `kSharedPlaces`, or one for each.
std::vector<int64_t> SharedPlaces(const ir::PrimFunc& func, size_t allocations);

/// The sum over all places of the largest buffer there.
int64_t TotalBytes(const std::vector<const ir::AllocObj*>& allocs,
                   const std::vector<int64_t>& places);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_SHARED_SIZES_H_
