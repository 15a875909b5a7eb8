#include "cc/ir/stmt.h"

#include "cc/ir/function.h"

namespace tilescale::ir {
namespace {

bool DeclaresName(const Stmt& s) {
  return s.as<BindObj>() || s.as<AllocObj>() || s.as<ViewObj>() || s.as<DeclTensorObj>() ||
         s.as<AssumeObj>() || s.as<AnnotateObj>();
}

bool IsOpenSeq(const SeqObj* seq) {
  for (const Stmt& s : seq->stmts) {
    if (DeclaresName(s)) return false;
  }
  return true;
}

}  // namespace

Stmt Seq::Flatten(const ffi::Array<Stmt>& stmts) {
  ffi::Array<Stmt> flat;
  for (size_t i = 0; i < stmts.size(); ++i) {
    const auto* inner = stmts[i].as<SeqObj>();
    bool joins = inner && (IsOpenSeq(inner) || i + 1 == stmts.size());
    if (!joins) {
      flat.push_back(stmts[i]);
      continue;
    }
    for (const Stmt& s : inner->stmts) flat.push_back(s);
  }
  if (flat.size() == 1) return flat[0];
  return Seq(flat);
}

const char* ForKindName(ForKind kind) {
  constexpr const char* kNames[] = {"serial", "unroll", "vectorized", "pipelined"};
  return kNames[static_cast<size_t>(kind)];
}

PrimFunc PrimFunc::WithBody(Stmt body) const {
  const PrimFuncObj* f = get();
  return PrimFunc(f->name, f->symbols, f->params, f->roles, std::move(body), f->attrs, f->span);
}

}  // namespace tilescale::ir
