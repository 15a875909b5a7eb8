#include "cc/ir/buffer.h"

#include "cc/support/diagnostic.h"

namespace tilescale::ir {

ffi::Array<Expr> Buffer::Strides() const {
  if (!get()->strides.empty() || get()->shape.empty()) return get()->strides;
  ffi::Array<Expr> strides = get()->shape;
  Expr step = MakeInt(strides.back().dtype(), 1);
  for (int i = ndim() - 1; i >= 0; --i) {
    strides.Set(i, step);
    step = get()->shape[i] * step;
  }
  return strides;
}

Region::Region(Buffer buffer, ffi::Array<Expr> mins, ffi::Array<Expr> extents) {
  size_t rank = buffer->shape.size();
  TILESCALE_CHECK(mins.size() == rank && extents.size() == rank,
                  "region of " << buffer->name << " needs " << rank << " ranges");
  data_ = ffi::make_object<RegionObj>(std::move(buffer), std::move(mins), std::move(extents));
}

Region Region::Full(const Buffer& buffer) {
  ffi::Array<Expr> mins;
  for (const Expr& extent : buffer->shape) mins.push_back(MakeInt(extent.dtype(), 0));
  return Region(buffer, mins, buffer->shape);
}

}  // namespace tilescale::ir
