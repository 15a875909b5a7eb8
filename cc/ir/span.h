#ifndef TILESCALE_CC_IR_SPAN_H_
#define TILESCALE_CC_IR_SPAN_H_

#include <tvm/ffi/object.h>
#include <tvm/ffi/optional.h>
#include <tvm/ffi/string.h>

#include "cc/support/diagnostic.h"

namespace tilescale::ir {

namespace ffi = tvm::ffi;

class Span;

/// A range of user source code. Lines and columns count from 1; `end_col` is exclusive.
class SpanObj : public ffi::Object {
 public:
  ffi::String file;
  int64_t line;
  int64_t col;
  int64_t end_line;
  int64_t end_col;
  /// The call that inlined this code (a macro call), or null for the kernel's own text.
  ffi::Optional<ffi::ObjectRef> caller;

  SpanObj(ffi::String file, int64_t line, int64_t col, int64_t end_line, int64_t end_col,
          ffi::Optional<ffi::ObjectRef> caller)
      : file(std::move(file)),
        line(line),
        col(col),
        end_line(end_line),
        end_col(end_col),
        caller(std::move(caller)) {}

  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.Span", SpanObj, ffi::Object);
};

/// Nullable: generated code has no span.
class Span : public ffi::ObjectRef {
 public:
  Span(ffi::String file, int64_t line, int64_t col, int64_t end_line, int64_t end_col,
       ffi::Optional<ffi::ObjectRef> caller = std::nullopt)
      : ObjectRef(ffi::make_object<SpanObj>(std::move(file), line, col, end_line, end_col,
                                            std::move(caller))) {}

  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NULLABLE(Span, ffi::ObjectRef, SpanObj);
};

/// The span as errors carry it; all zero for a null span.
support::SourceLocation ToLocation(const Span& span);

}  // namespace tilescale::ir

#endif  // TILESCALE_CC_IR_SPAN_H_
