// Loops over fragments: which register a thread needs at each of its iterations, and which layouts
// of the one fit a layout of the other. The layout of a loop is a Fragment over the loop's box.
#ifndef TILESCALE_CC_LAYOUT_FRAGMENT_MAP_H_
#define TILESCALE_CC_LAYOUT_FRAGMENT_MAP_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "cc/layout/fragment.h"

namespace tilescale::layout {

// One index of an access to a tile as a function of the point of a loop's box.
struct PointIndex {
  // The coordinate that it is, or -1.
  int64_t coord = -1;
  // Where it is none: its value, unless there are `vars` and an expression of them.
  int64_t constant = 0;
  tvm::ffi::Optional<ir::Expr> expr = std::nullopt;
};

// The element of a tile of `shape` that a loop accesses at each point of its box.
struct PointMap {
  tvm::ffi::Array<ir::Var> vars;
  std::vector<int64_t> box;
  std::vector<PointIndex> indices;
  std::vector<int64_t> shape;
  // Whether it is the same function, by its text: identities of a box and a tile of one shape are.
  bool IsPermutation() const;
};

// Whether every point of the box has its element inside the tile.
bool StaysInside(const PointMap& map);

// The layout of the tile under which each thread of the loop finds its elements in its own
// registers: equal elements of one thread share a register, equal elements of several threads are
// replicated. Nothing if the loop does not touch every element.
std::optional<Fragment> ImageOf(const Fragment& loop, const PointMap& map);

// The layout of the loop under which each thread does what touches the elements it owns. Nothing
// unless points and elements correspond one to one, if some elements may be left over.
std::optional<Fragment> PullBack(const Fragment& tile, const PointMap& map);

// By value of the loop: the register in which every thread of the loop owns the element it
// accesses; -1 for values at which no thread does anything. Nothing if some thread does not own
// it or threads differ in the register.
std::optional<std::vector<int64_t>> RegistersOf(const Fragment& loop, const PointMap& map,
                                                const Fragment& tile);

// Whether a loop that writes `registers` sets every copy of each element that it touches.
bool WritesAllCopies(const Fragment& loop, const PointMap& map, const Fragment& tile,
                     const std::vector<int64_t>& registers);

// Blocks of `vector` elements in row-major order, dealt out to the threads in turn.
Fragment DealRowMajor(const std::vector<int64_t>& shape, int64_t vector, int64_t threads);
// The vector length if the fragment is such a one, even if it is no shape:stride map.
std::optional<int64_t> FindDealing(const Fragment& fragment);

// Digits of the thread number that tell copies of one element apart: (thread / place) % extent.
struct ReplicaDigit {
  int64_t place;
  int64_t extent;
};
// Those of a shape:stride map; a dealt fragment has none.
std::vector<ReplicaDigit> ReplicaDigits(const Fragment& fragment);
// Whether exactly one slot with all replica digits 0 owns each element.
bool HasFirstOwners(const Fragment& fragment);

}  // namespace tilescale::layout

#endif  // TILESCALE_CC_LAYOUT_FRAGMENT_MAP_H_
