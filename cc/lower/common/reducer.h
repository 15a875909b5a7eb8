#ifndef TILESCALE_CC_LOWER_COMMON_REDUCER_H_
#define TILESCALE_CC_LOWER_COMMON_REDUCER_H_

#include "cc/ir/buffer.h"
#include "cc/ir/stmt.h"
#include "cc/op/reduce.h"

// What reducers become, the same on all targets.
namespace tilescale::lower {

namespace ffi = tvm::ffi;

/// How two partial results of `kind` are merged: they are no elements any more.
op::ReduceKind MergeKind(op::ReduceKind kind);

/// Every element becomes the identity of `kind`.
ir::Stmt StoreIdentity(const ir::Buffer& buffer, op::ReduceKind kind, const ir::Span& span);
/// One element takes a value in; nobody else changes it meanwhile.
ir::Stmt UpdateElement(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& indices,
                       const ir::Expr& value, op::ReduceKind kind, const ir::Span& span);
/// The same where others may.
ir::Stmt UpdateAtomically(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& indices,
                          const ir::Expr& value, op::ReduceKind kind, const ir::Span& span);
/// The results are converted and copied; nothing if they are where they are wanted.
ir::Stmt CopyResults(const ir::Buffer& buffer, const ir::Region& dst, const ir::Span& span);

}  // namespace tilescale::lower

#endif  // TILESCALE_CC_LOWER_COMMON_REDUCER_H_
