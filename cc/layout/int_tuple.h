// IntTuple: an integer or a list of IntTuples; the shapes, strides and coordinates of the algebra.
// A thin value over the FFI form (integer | expression | Array), so objects store it directly.
#ifndef TILESCALE_CC_LAYOUT_INT_TUPLE_H_
#define TILESCALE_CC_LAYOUT_INT_TUPLE_H_

#include <tvm/ffi/any.h>
#include <tvm/ffi/container/array.h>

#include <string>
#include <vector>

#include "cc/layout/int.h"

namespace tilescale::layout {

class IntTuple {
 public:
  IntTuple(const Int& leaf) : data_(leaf.data()) {}  // NOLINT(google-explicit-constructor)
  IntTuple(int64_t leaf) : data_(leaf) {}            // NOLINT(google-explicit-constructor)
  IntTuple(const std::vector<IntTuple>& modes);      // NOLINT(google-explicit-constructor)

  // Normalises nested arrays, lists and shapes; throws TypeError for other leaves.
  static IntTuple FromAny(const tvm::ffi::AnyView& value);
  // Trusts `data`, which must come from another IntTuple.
  static IntTuple FromNormalized(tvm::ffi::Any data);

  bool IsLeaf() const;
  Int Leaf() const { return Int::FromAny(data_); }
  // A leaf counts as one mode.
  int Rank() const;
  IntTuple operator[](int i) const;
  std::vector<IntTuple> Modes() const;
  // 0 for a leaf, 1 for a flat tuple.
  int Depth() const;
  const tvm::ffi::Any& data() const { return data_; }
  std::string ToString() const;

 private:
  IntTuple() = default;

  tvm::ffi::Any data_;
};

std::vector<Int> Flatten(const IntTuple& tuple);
// Rebuilds the profile of `profile` with the leaves of `flat`.
IntTuple Unflatten(const std::vector<Int>& flat, const IntTuple& profile);
Int Product(const IntTuple& tuple);
// Same tree.
bool Congruent(const IntTuple& a, const IntTuple& b);
// Every coordinate of `a` is a coordinate of `b`: `b` refines `a` mode by mode, sizes being equal.
bool Compatible(const IntTuple& a, const IntTuple& b);

// Strides of the compact layouts: first mode fastest, last mode fastest.
IntTuple CompactColumnMajor(const IntTuple& shape);
IntTuple CompactRowMajor(const IntTuple& shape);

// The natural coordinate of a flat index, first mode fastest. The last mode that is not of extent 1
// takes the whole rest, so that an index beyond the size goes on along it.
IntTuple IndexToCoord(const Int& index, const IntTuple& shape);
// Inner product of a coordinate with the strides. A coordinate may be coarser than the shape: an
// integer given for a tuple mode is a flat index into that mode.
Int CoordToIndex(const IntTuple& coord, const IntTuple& shape, const IntTuple& stride);

}  // namespace tilescale::layout

#endif  // TILESCALE_CC_LAYOUT_INT_TUPLE_H_
