#include "cc/ir/schedule.h"

namespace tilescale::ir {

ffi::Array<Stmt> StatementsOf(const Stmt& body) {
  const auto* seq = body.as<SeqObj>();
  return seq ? seq->stmts : ffi::Array<Stmt>({body});
}

bool IsOperator(const Stmt& s) {
  return !(s.as<BindObj>() || s.as<AllocObj>() || s.as<ViewObj>() || s.as<AssumeObj>() ||
           s.as<AnnotateObj>() || s.as<DeclTensorObj>());
}

}  // namespace tilescale::ir
