#ifndef TILESCALE_CC_OP_SCAN_H_
#define TILESCALE_CC_OP_SCAN_H_

#include "cc/op/tile_op.h"

namespace tilescale::op {

enum class ScanKind : int64_t { kSum, kMax };
/// "cumsum", "cummax".
const char* ScanKindName(ScanKind kind);

/// dst[.., i, ..] = src[.., 0, ..] + ... + src[.., i, ..] along `dim` (from the other end with
/// `reverse`), in dst's type; src and dst may be one region.
class ScanObj : public ir::TileOpObj {
 public:
  ir::Region src;
  ir::Region dst;
  int64_t dim;
  ScanKind kind;
  bool reverse;

  ScanObj(ir::Region src, ir::Region dst, int64_t dim, ScanKind kind, bool reverse,
          ir::AttrMap attrs, ir::Span span)
      : TileOpObj(std::move(attrs), std::move(span)),
        src(std::move(src)),
        dst(std::move(dst)),
        dim(dim),
        kind(kind),
        reverse(reverse) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.op.Scan", ScanObj, ir::TileOpObj);
};
class Scan : public ir::TileOp {
 public:
  Scan(ir::Region src, ir::Region dst, int64_t dim, ScanKind kind, bool reverse,
       ir::AttrMap attrs = {}, ir::Span span = ir::Span())
      : TileOp(ffi::make_object<ScanObj>(std::move(src), std::move(dst), dim, kind, reverse,
                                         std::move(attrs), std::move(span))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Scan, ir::TileOp, ScanObj);
};

}  // namespace tilescale::op

#endif  // TILESCALE_CC_OP_SCAN_H_
