#ifndef TILESCALE_CC_OP_PRINT_H_
#define TILESCALE_CC_OP_PRINT_H_

#include "cc/op/tile_op.h"

namespace tilescale::op {

/// Attribute of a print: by value, how many dimensions a pass has put in front of the region that
/// the user wrote. Their indices are not printed.
inline constexpr char kDimsInFront[] = "dims_in_front";

/// Prints `msg` and the values (expressions or whole regions) once per program, when it is reached.
/// attrs: warp (the one that prints, on GPUs).
class PrintObj : public ir::TileOpObj {
 public:
  ffi::String msg;
  ffi::Array<ffi::Any> values;

  PrintObj(ffi::String msg, ffi::Array<ffi::Any> values, ir::AttrMap attrs, ir::Span span)
      : TileOpObj(std::move(attrs), std::move(span)),
        msg(std::move(msg)),
        values(std::move(values)) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.op.Print", PrintObj, ir::TileOpObj);
};
class Print : public ir::TileOp {
 public:
  Print(ffi::String msg, ffi::Array<ffi::Any> values, ir::AttrMap attrs = {},
        ir::Span span = ir::Span())
      : TileOp(ffi::make_object<PrintObj>(std::move(msg), std::move(values), std::move(attrs),
                                          std::move(span))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Print, ir::TileOp, PrintObj);
};

}  // namespace tilescale::op

#endif  // TILESCALE_CC_OP_PRINT_H_
