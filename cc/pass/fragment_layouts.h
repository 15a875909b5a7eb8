#ifndef TILESCALE_CC_PASS_FRAGMENT_LAYOUTS_H_
#define TILESCALE_CC_PASS_FRAGMENT_LAYOUTS_H_

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "cc/ir/function.h"
#include "cc/layout/fragment.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::pass {

namespace ffi = tvm::ffi;

/// Where a fragment lives: in the registers of `layout`, or in shared memory because of `reason`.
struct FragmentHome {
  ir::Buffer buffer;
  std::optional<layout::Fragment> layout;
  std::string reason;
};

/// The decision of layout inference for one kernel. Elements of a tile are counted in row-major
/// order and dealt out in blocks of `vector`, one block to each thread in turn.
struct FragmentLayouts {
  /// In the order of the text.
  std::vector<FragmentHome> homes;
  /// Consecutive elements that a thread takes at a time, by `Parallel` loop; 1 if not listed.
  std::unordered_map<const ir::ParallelObj*, int64_t> vectors;

  const FragmentHome* Find(const ir::Buffer& buffer) const;
};

/// Chooses by strength of constraint: an access that a `Parallel` loop cannot make from the
/// thread's own registers puts a fragment into shared memory; loops that share a fragment agree on
/// one vector length, the smallest that any of them can use; loops without fragments choose freely.
FragmentLayouts InferFragmentLayouts(const ir::PrimFunc& func, const lower::cuda::Context& context);

/// Carries the decision out: fragments in shared memory change their scope, loops get the attribute
/// "vector" where it is above 1, and the function's attribute "fragments" lists the homes as text.
ir::PrimFunc ApplyFragmentLayouts(const ir::PrimFunc& func, const FragmentLayouts& layouts);

/// The longest vector for which `Parallel` loop `box` may use accesses of up to 128 bits: proved to
/// be aligned and inside their buffers. `analyzer` knows what holds outside the loop.
int64_t MaxVector(const ir::ParallelObj* box, arith::Analyzer* analyzer);

/// Registers of each thread that a tile of `elements` takes.
int64_t RegistersFor(int64_t elements, int64_t vector, int64_t threads);

/// The product of constant extents, or -1.
int64_t ConstSize(const ffi::Array<ir::Expr>& extents);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_FRAGMENT_LAYOUTS_H_
