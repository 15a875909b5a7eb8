// What Python sees of the shape:stride algebra: the Layout object and tilescale.layout.<Operation>.
#include <tvm/ffi/container/array.h>
#include <tvm/ffi/container/shape.h>
#include <tvm/ffi/reflection/registry.h>

#include "cc/layout/complement.h"
#include "cc/layout/compose.h"
#include "cc/layout/divide.h"
#include "cc/layout/ffi_repr.h"
#include "cc/layout/inverse.h"
#include "cc/layout/layout.h"
#include "cc/layout/product.h"
#include "cc/layout/split.h"

namespace tilescale::layout {
namespace {

namespace ffi = tvm::ffi;
namespace refl = tvm::ffi::reflection;
using ffi::Any;
using ffi::AnyView;
using ffi::Array;

Layout MakeLayout(const AnyView& shape, const AnyView& stride) {
  IntTuple extents = IntTuple::FromAny(shape);
  if (stride == nullptr) return Layout(extents);
  return Layout(extents, IntTuple::FromAny(stride));
}

Layout MakeRowMajor(const AnyView& shape) {
  IntTuple extents = IntTuple::FromAny(shape);
  return Layout(extents, CompactRowMajor(extents));
}

Layout ConcatArray(const Array<Layout>& modes) {
  return Concat(std::vector<Layout>(modes.begin(), modes.end()));
}

Array<Any> SliceAndOffset(const Layout& layout, const AnyView& coord) {
  auto [sublayout, offset] = Slice(layout, coord);
  return {sublayout, offset.data()};
}

void RegisterTuples() {
  refl::GlobalDef()
      .def("tilescale.layout.Product",
           [](const AnyView& t) { return Product(IntTuple::FromAny(t)).data(); })
      .def("tilescale.layout.Congruent",
           [](const AnyView& a, const AnyView& b) {
             return Congruent(IntTuple::FromAny(a), IntTuple::FromAny(b));
           })
      .def("tilescale.layout.Compatible",
           [](const AnyView& a, const AnyView& b) {
             return Compatible(IntTuple::FromAny(a), IntTuple::FromAny(b));
           })
      .def("tilescale.layout.IndexToCoord",
           [](const AnyView& index, const AnyView& shape) {
             return IndexToCoord(Int::FromAny(index), IntTuple::FromAny(shape)).data();
           })
      .def("tilescale.layout.CoordToIndex",
           [](const AnyView& coord, const AnyView& shape, const AnyView& stride) {
             IntTuple extents = IntTuple::FromAny(shape);
             IntTuple strides =
                 stride == nullptr ? CompactColumnMajor(extents) : IntTuple::FromAny(stride);
             Layout layout(extents, strides);
             return layout(IntTuple::FromAny(coord)).data();
           });
}

void RegisterLayout() {
  refl::ObjectDef<LayoutObj>(refl::init(false))
      .def_ro("shape", &LayoutObj::shape)
      .def_ro("stride", &LayoutObj::stride)
      .def_type_attr(kReprAttr, Repr<Layout>);
  refl::GlobalDef()
      .def("tilescale.layout.MakeLayout", MakeLayout)
      .def("tilescale.layout.MakeRowMajor", MakeRowMajor)
      .def("tilescale.layout.Concat", ConcatArray)
      .def("tilescale.layout.ToString", [](const Layout& l) { return l.ToString(); })
      .def("tilescale.layout.Shape", [](const Layout& l) { return l->shape; })
      .def("tilescale.layout.Stride", [](const Layout& l) { return l->stride; })
      .def("tilescale.layout.Size", [](const Layout& l) { return l.Size().data(); })
      .def("tilescale.layout.Cosize", [](const Layout& l) { return l.Cosize().data(); })
      .def("tilescale.layout.Rank", [](const Layout& l) { return l.Rank(); })
      .def("tilescale.layout.Depth", [](const Layout& l) { return l.Depth(); })
      .def("tilescale.layout.GetMode", [](const Layout& l, int i) { return l[i]; })
      .def("tilescale.layout.Evaluate",
           [](const Layout& l, const AnyView& coord) { return l(IntTuple::FromAny(coord)).data(); })
      .def("tilescale.layout.Enumerate",
           [](const Layout& l) { return ffi::Shape(Enumerate(l, "enumeration")); })
      .def("tilescale.layout.Slice", SliceAndOffset);
}

void RegisterOperations() {
  refl::GlobalDef()
      .def("tilescale.layout.Coalesce", Coalesce)
      .def("tilescale.layout.CoalesceModes", CoalesceModes)
      .def("tilescale.layout.Filter", Filter)
      .def("tilescale.layout.Flatten", FlattenLayout)
      .def("tilescale.layout.GroupModes", GroupModes)
      .def("tilescale.layout.Compose", ComposeTiler)
      .def("tilescale.layout.Complement",
           [](const Layout& l, const AnyView& cotarget) {
             return Complement(l, Int::FromAny(cotarget));
           })
      .def("tilescale.layout.RightInverse", static_cast<Layout (*)(const Layout&)>(RightInverse))
      .def("tilescale.layout.LeftInverse", LeftInverse)
      .def("tilescale.layout.LogicalDivide", LogicalDivide)
      .def("tilescale.layout.ZippedDivide", ZippedDivide)
      .def("tilescale.layout.TiledDivide", TiledDivide)
      .def("tilescale.layout.FlatDivide", FlatDivide)
      .def("tilescale.layout.LogicalProduct", LogicalProduct)
      .def("tilescale.layout.ZippedProduct", ZippedProduct)
      .def("tilescale.layout.TiledProduct", TiledProduct)
      .def("tilescale.layout.FlatProduct", FlatProduct)
      .def("tilescale.layout.BlockedProduct", BlockedProduct)
      .def("tilescale.layout.RakedProduct", RakedProduct)
      .def("tilescale.layout.SplitPowerOfTwo",
           [](const Layout& layout) {
             auto [inner, outer] = SplitPowerOfTwo(layout);
             return Array<Layout>{inner, outer};
           })
      .def("tilescale.layout.MaxCommonVector", MaxCommonVector)
      .def("tilescale.layout.Upcast", Upcast)
      .def("tilescale.layout.Downcast", Downcast);
}

TVM_FFI_STATIC_INIT_BLOCK() {
  RegisterTuples();
  RegisterLayout();
  RegisterOperations();
}

}  // namespace
}  // namespace tilescale::layout
