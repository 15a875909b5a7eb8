// Layout: a function from coordinates to integers, given by a hierarchical shape and congruent
// strides. Flat indices count the first mode fastest. Extents may be any non-negative integer
// (0 and 1 included), strides any integer; 0 means broadcast.
#ifndef TILESCALE_CC_LAYOUT_LAYOUT_H_
#define TILESCALE_CC_LAYOUT_LAYOUT_H_

#include <tvm/ffi/any.h>
#include <tvm/ffi/object.h>

#include <string>
#include <utility>
#include <vector>

#include "cc/layout/int_tuple.h"

namespace tilescale::layout {

class LayoutObj : public tvm::ffi::Object {
 public:
  tvm::ffi::Any shape;
  tvm::ffi::Any stride;

  static constexpr TVMFFISEqHashKind _type_s_eq_hash_kind = kTVMFFISEqHashKindTreeNode;
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.layout.Layout", LayoutObj, tvm::ffi::Object);
};

class Layout : public tvm::ffi::ObjectRef {
 public:
  // Throws ValueError unless shape and stride are congruent and all extents non-negative.
  Layout(const IntTuple& shape, const IntTuple& stride);
  // Compact, first mode fastest.
  explicit Layout(const IntTuple& shape);

  IntTuple Shape() const;
  IntTuple Stride() const;
  int Rank() const { return Shape().Rank(); }
  int Depth() const { return Shape().Depth(); }
  Int Size() const { return Product(Shape()); }
  // One past the largest offset; strides count by magnitude. 0 for an empty layout.
  Int Cosize() const;
  Layout operator[](int i) const;
  std::vector<Layout> Modes() const;
  Int operator()(const IntTuple& coord) const;
  std::string ToString() const;

  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Layout, tvm::ffi::ObjectRef, LayoutObj);
};

// One leaf of a layout.
struct Mode {
  Int shape;
  Int stride;
};

struct StaticMode {
  int64_t shape;
  int64_t stride;
};

std::vector<Mode> FlatModes(const Layout& layout);
// Throws ValueError naming `operation` when an extent or a stride is symbolic.
std::vector<StaticMode> StaticModes(const Layout& layout, const char* operation);
// 1:0 for no modes, a leaf for one, else a tuple.
Layout FromModes(const std::vector<Mode>& modes);
Layout FromModes(const std::vector<StaticMode>& modes);
// Modes side by side: rank is the number of layouts.
Layout Concat(const std::vector<Layout>& modes);

// The same function on flat indices with as few modes as can be proved.
Layout Coalesce(const Layout& layout);
// Coalesces each top-level mode by itself; rank is kept.
Layout CoalesceModes(const Layout& layout);
// Drops the modes that do not move (stride 0 or extent 1), then coalesces.
Layout Filter(const Layout& layout);
// All leaves in one tuple.
Layout FlattenLayout(const Layout& layout);
// Gathers the modes [begin, end) into one.
Layout GroupModes(const Layout& layout, int begin, int end);

// What is decided by looking at every element is for tiles, not for whole tensors.
inline constexpr int64_t kMaxEnumeration = int64_t{1} << 24;

// Values at all flat indices 0 .. size-1 of a static layout. Throws ValueError naming `operation`
// beyond kMaxEnumeration.
std::vector<int64_t> Enumerate(const Layout& layout, const char* operation);

// The sublayout and offset that a coordinate with free modes (None) selects.
std::pair<Layout, Int> Slice(const Layout& layout, const tvm::ffi::AnyView& coord);

}  // namespace tilescale::layout

#endif  // TILESCALE_CC_LAYOUT_LAYOUT_H_
