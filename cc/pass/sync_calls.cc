#include "cc/pass/sync_calls.h"

#include <algorithm>

#include "cc/ir/intrinsic.h"
#include "cc/ir/visitor.h"
#include "cc/lower/cuda/lowering.h"
#include "cc/support/diagnostic.h"

namespace tilescale::pass {

const ir::CallObj* CallOf(const ir::Stmt& s) {
  const auto* effect = s.as<ir::EvaluateObj>();
  return effect ? effect->value.as<ir::CallObj>() : nullptr;
}

bool IsCall(const ir::Stmt& s, const char* name) {
  const ir::CallObj* call = CallOf(s);
  return call && call->op == name;
}

ir::Stmt Unwrapped(const ir::Stmt& s) {
  const auto* once = s.as<ir::ForObj>();
  const bool wraps =
      once && once->attrs.count(lower::cuda::kThreadLevel) && ir::IsConstInt(once->extent, 1);
  return wraps ? once->body : s;
}

const ir::CallObj* MeetingIn(const ir::Stmt& s) {
  const ir::CallObj* meeting = nullptr;
  if (!s.as<ir::EvaluateObj>() && !s.as<ir::BindObj>() && !s.as<ir::StoreObj>()) return meeting;
  ir::ForEachExpr(s, [&](const ir::Expr& e) {
    const auto* call = e.as<ir::CallObj>();
    const ir::Intrinsic* decl = call ? ir::FindIntrinsic(call->op) : nullptr;
    if (decl && decl->orders != ir::Orders::kNothing) meeting = call;
  });
  return meeting;
}

int64_t MostGroups(const ir::Stmt& body) {
  int64_t most = 0, commits = 0;
  ir::ForEachStmt(body, [&](const ir::Stmt& s) {
    if (IsCall(s, "ptx_wait_group")) most = std::max(most, Allowed(CallOf(s)));
    if (IsCall(s, "ptx_commit_group")) ++commits;
  });
  return std::max(most, commits);
}

int64_t Allowed(const ir::CallObj* wait) {
  const int64_t* groups = ir::AsConstInt(ir::Call::Arg(wait, 0));
  TILESCALE_CHECK(groups, "a wait for no constant number of groups");
  return *groups;
}

bool Leaves(const ir::Stmt& s) {
  bool leaves = false;
  ir::ForEachStmt(s, [&](const ir::Stmt& x) {
    leaves = leaves || x.as<ir::BreakObj>() || x.as<ir::ContinueObj>();
  });
  return leaves;
}

}  // namespace tilescale::pass
