// What Python sees of swizzles, composed layouts and linear maps.
#include <tvm/ffi/reflection/registry.h>

#include "cc/layout/composed.h"
#include "cc/layout/divide.h"
#include "cc/layout/ffi_repr.h"
#include "cc/layout/linear_f2.h"
#include "cc/layout/swizzle.h"

namespace tilescale::layout {
namespace {

namespace ffi = tvm::ffi;
namespace refl = tvm::ffi::reflection;
using ffi::AnyView;

void RegisterSwizzle() {
  refl::ObjectDef<SwizzleObj>(refl::init(false))
      .def_ro("bits", &SwizzleObj::bits)
      .def_ro("base", &SwizzleObj::base)
      .def_ro("shift", &SwizzleObj::shift)
      .def_type_attr(kReprAttr, Repr<Swizzle>);
  refl::GlobalDef()
      .def("tilescale.layout.MakeSwizzle",
           [](int64_t bits, int64_t base, int64_t shift) { return Swizzle(bits, base, shift); })
      .def("tilescale.layout.SwizzleApply",
           [](const Swizzle& s, const AnyView& index) { return s(Int::FromAny(index)).data(); })
      .def("tilescale.layout.SwizzleRecast", Recast);
}

void RegisterComposed() {
  refl::ObjectDef<ComposedLayoutObj>(refl::init(false))
      .def_ro("swizzle", &ComposedLayoutObj::swizzle)
      .def_ro("offset", &ComposedLayoutObj::offset)
      .def_ro("layout", &ComposedLayoutObj::layout)
      .def_type_attr(kReprAttr, Repr<ComposedLayout>);
  refl::GlobalDef()
      .def("tilescale.layout.MakeComposed",
           [](const Swizzle& s, const AnyView& offset, const Layout& layout) {
             return ComposedLayout(s, Int::FromAny(offset), layout);
           })
      .def("tilescale.layout.ComposedEvaluate",
           [](const ComposedLayout& c, const AnyView& coord) {
             return c(IntTuple::FromAny(coord)).data();
           })
      .def("tilescale.layout.ComposedCosize",
           [](const ComposedLayout& c) { return c.Cosize().data(); })
      .def("tilescale.layout.ComposedCompose",
           [](const ComposedLayout& c, const AnyView& tiler) {
             return WithInner(c, ComposeTiler(c.Inner(), tiler));
           })
      .def("tilescale.layout.ComposedWithInner", WithInner)
      .def("tilescale.layout.ComposedSlice",
           [](const ComposedLayout& c, const AnyView& coord) {
             auto [layout, offset] = Slice(c.Inner(), coord);
             return ComposedLayout(c->swizzle, c.Offset() + offset, layout);
           })
      .def("tilescale.layout.ComposedInverse",
           static_cast<ComposedLayout (*)(const ComposedLayout&)>(Inverse));
}

void RegisterLinearF2() {
  refl::ObjectDef<LinearF2Obj>(refl::init(false))
      .def_ro("basis", &LinearF2Obj::basis)
      .def_ro("out_bits", &LinearF2Obj::out_bits)
      .def_type_attr(kReprAttr, Repr<LinearF2>);
  refl::GlobalDef()
      .def("tilescale.layout.MakeLinearF2",
           [](const ffi::Shape& basis, int64_t out_bits) {
             return LinearF2(std::vector<int64_t>(basis.begin(), basis.end()), out_bits);
           })
      .def("tilescale.layout.LinearFromLayout", LinearF2::FromLayout)
      .def("tilescale.layout.LinearFromSwizzle", LinearF2::FromSwizzle)
      .def("tilescale.layout.LinearFromComposed", LinearF2::FromComposed)
      .def("tilescale.layout.LinearApply",
           [](const LinearF2& m, int64_t index) { return m(index); })
      .def("tilescale.layout.LinearCompose",
           static_cast<LinearF2 (*)(const LinearF2&, const LinearF2&)>(Compose))
      .def("tilescale.layout.LinearRank", [](const LinearF2& m) { return Rank(m); })
      .def("tilescale.layout.LinearKernel", [](const LinearF2& m) { return ffi::Shape(Kernel(m)); })
      .def("tilescale.layout.LinearInverse", static_cast<LinearF2 (*)(const LinearF2&)>(Inverse))
      .def("tilescale.layout.LinearRightInverse",
           static_cast<LinearF2 (*)(const LinearF2&)>(RightInverse))
      .def("tilescale.layout.LinearToLayout",
           [](const LinearF2& m) -> ffi::Optional<Layout> {
             if (auto layout = ToLayout(m)) return *layout;
             return std::nullopt;
           })
      .def("tilescale.layout.LinearToComposed", ToComposed);
}

TVM_FFI_STATIC_INIT_BLOCK() {
  RegisterSwizzle();
  RegisterComposed();
  RegisterLinearF2();
}

}  // namespace
}  // namespace tilescale::layout
