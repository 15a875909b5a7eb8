#include "cc/layout/layout.h"

#include <tvm/ffi/error.h>

namespace tilescale::layout {

namespace {

void CheckExtents(const IntTuple& shape) {
  for (const Int& extent : Flatten(shape)) {
    if (extent.IsConst() && extent.Value() < 0) {
      TVM_FFI_THROW(ValueError) << "layout shape " << shape.ToString()
                                << " has the negative extent " << extent.Value();
    }
  }
}

}  // namespace

Layout::Layout(const IntTuple& shape, const IntTuple& stride) : ObjectRef(tvm::ffi::UnsafeInit()) {
  if (!Congruent(shape, stride)) {
    TVM_FFI_THROW(ValueError) << "layout shape " << shape.ToString() << " and stride "
                              << stride.ToString() << " have different profiles";
  }
  CheckExtents(shape);
  auto node = tvm::ffi::make_object<LayoutObj>();
  node->shape = shape.data();
  node->stride = stride.data();
  data_ = std::move(node);
}

Layout::Layout(const IntTuple& shape) : Layout(shape, CompactColumnMajor(shape)) {}

IntTuple Layout::Shape() const { return IntTuple::FromNormalized(get()->shape); }

IntTuple Layout::Stride() const { return IntTuple::FromNormalized(get()->stride); }

Int Layout::Cosize() const {
  Int last(0);
  for (const Mode& mode : FlatModes(*this)) {
    if (mode.shape.Is(0)) return 0;
    last = last + (mode.shape - Int(1)) * Abs(mode.stride);
  }
  return last + Int(1);
}

Layout Layout::operator[](int i) const { return Layout(Shape()[i], Stride()[i]); }

std::vector<Layout> Layout::Modes() const {
  std::vector<Layout> modes;
  for (int i = 0; i < Rank(); ++i) modes.push_back((*this)[i]);
  return modes;
}

Int Layout::operator()(const IntTuple& coord) const {
  return CoordToIndex(coord, Shape(), Stride());
}

std::string Layout::ToString() const { return Shape().ToString() + ":" + Stride().ToString(); }

std::vector<Mode> FlatModes(const Layout& layout) {
  std::vector<Int> shape = Flatten(layout.Shape());
  std::vector<Int> stride = Flatten(layout.Stride());
  std::vector<Mode> modes;
  for (size_t i = 0; i < shape.size(); ++i) modes.push_back({shape[i], stride[i]});
  return modes;
}

std::vector<StaticMode> StaticModes(const Layout& layout, const char* operation) {
  std::vector<StaticMode> modes;
  for (const Mode& mode : FlatModes(layout)) {
    if (!mode.shape.IsConst() || !mode.stride.IsConst()) {
      TVM_FFI_THROW(ValueError) << operation << " needs a static layout; the mode "
                                << mode.shape.ToString() << ":" << mode.stride.ToString() << " of "
                                << layout.ToString() << " is symbolic";
    }
    modes.push_back({mode.shape.Value(), mode.stride.Value()});
  }
  return modes;
}

Layout FromModes(const std::vector<Mode>& modes) {
  if (modes.empty()) return Layout(IntTuple(1), IntTuple(0));
  if (modes.size() == 1) return Layout(modes[0].shape, modes[0].stride);
  std::vector<IntTuple> shape;
  std::vector<IntTuple> stride;
  for (const Mode& mode : modes) {
    shape.push_back(mode.shape);
    stride.push_back(mode.stride);
  }
  return Layout(IntTuple(shape), IntTuple(stride));
}

Layout FromModes(const std::vector<StaticMode>& modes) {
  std::vector<Mode> leaves;
  for (const StaticMode& mode : modes) leaves.push_back({mode.shape, mode.stride});
  return FromModes(leaves);
}

Layout Concat(const std::vector<Layout>& modes) {
  std::vector<IntTuple> shape;
  std::vector<IntTuple> stride;
  for (const Layout& mode : modes) {
    shape.push_back(mode.Shape());
    stride.push_back(mode.Stride());
  }
  return Layout(IntTuple(shape), IntTuple(stride));
}

}  // namespace tilescale::layout
