#include "cc/op/thread_level.h"

#include <set>

#include "cc/ir/intrinsic.h"

namespace tilescale::op {
namespace {

const std::set<std::string>& Names() {
  static const std::set<std::string> names = {
      "get_thread_binding",
      "get_lane_idx",
      "get_warp_idx",
      "get_warp_idx_sync",
      "get_warp_group_idx",
      "sync_threads",
      "sync_warp",
      "sync_grid",
      "syncthreads_count",
      "syncthreads_and",
      "syncthreads_or",
      "shfl_sync",
      "shfl_xor",
      "shfl_up",
      "shfl_down",
      "any_sync",
      "all_sync",
      "ballot_sync",
      "ballot",
      "match_any_sync",
      "match_all_sync",
      "activemask",
      "shuffle_elect",
      "warp_reduce_sum",
      "warp_reduce_max",
      "warp_reduce_min",
      "warp_reduce_bitand",
      "warp_reduce_bitor",
      "named_barrier_arrive",
      "mbarrier_arrive",
      "mbarrier_wait_parity",
      "barrier_arrive",
      "barrier_wait",
      "fence_proxy_async",
  };
  return names;
}

// The position of the mask of lanes among the arguments, or -1.
int MaskOf(const std::string& name) {
  if (name == "sync_warp") return 0;
  if (name == "shfl_sync" || name.rfind("shfl_", 0) == 0) return 3;
  const bool vote = name == "any_sync" || name == "all_sync" || name == "ballot_sync" ||
                    name == "match_any_sync" || name == "match_all_sync";
  return vote ? 1 : -1;
}

bool IsBlockVote(const std::string& name) { return name.rfind("syncthreads_", 0) == 0; }

// Shuffles and votes of a warp are no barriers: PTX gives them no order of memory.
ir::Orders OrdersOf(const std::string& name) {
  static const std::set<std::string> of_some = {"named_barrier_arrive", "mbarrier_arrive",
                                                "mbarrier_wait_parity", "barrier_arrive",
                                                "barrier_wait"};
  if (of_some.count(name)) return ir::Orders::kSome;
  if (name == "sync_warp") return ir::Orders::kWarp;
  const bool block = name == "sync_threads" || name == "sync_grid" || IsBlockVote(name);
  return block ? ir::Orders::kBlock : ir::Orders::kNothing;
}

// What all lanes that take part get: the results of votes and reductions.
ir::ValueOf ValueOf(const std::string& name) {
  static const std::set<std::string> of_warp = {"any_sync", "all_sync", "ballot_sync", "ballot",
                                                "match_all_sync"};
  if (IsBlockVote(name)) return ir::ValueOf::kBlock;
  if (name == "shfl_sync") return ir::ValueOf::kLane;
  const bool reduces = name.rfind("warp_reduce_", 0) == 0;
  return reduces || of_warp.count(name) ? ir::ValueOf::kWarp : ir::ValueOf::kThread;
}

bool RegisterAll() {
  for (const std::string& name : Names()) {
    ir::RegisterIntrinsic({name,
                           -1,
                           ir::Effect::kState,
                           ir::TypeRule::kExplicit,
                           "thread-level: GPUs only",
                           {},
                           ir::Executors::kAll,
                           /*guards_itself=*/false,
                           ValueOf(name),
                           /*predicate=*/-1,
                           OrdersOf(name),
                           MaskOf(name)});
  }
  ir::RegisterIntrinsic({"cuda.source_kernel",
                         -1,
                         ir::Effect::kState,
                         ir::TypeRule::kInt32,
                         "source_kernel(addresses of all tensors...): stands for the text of the "
                         "grid's attributes cuda_source and entry",
                         {},
                         ir::Executors::kAll});
  // Foreign functions are device functions: each thread calls them.
  ir::RegisterIntrinsic({"call_extern",
                         -1,
                         ir::Effect::kState,
                         ir::TypeRule::kExplicit,
                         "call_extern(name, arguments...)",
                         {},
                         ir::Executors::kAll});
  ir::RegisterIntrinsic({"call_pure_extern",
                         -1,
                         ir::Effect::kPure,
                         ir::TypeRule::kExplicit,
                         "call_pure_extern(name, arguments...)",
                         {},
                         ir::Executors::kAll});
  return true;
}

[[maybe_unused]] const bool kRegistered = RegisterAll();

}  // namespace

bool IsThreadLevel(const std::string& intrinsic) {
  const bool instruction = intrinsic.rfind("cuda.", 0) == 0 || intrinsic.rfind("ptx_", 0) == 0;
  return instruction || Names().count(intrinsic) != 0;
}

std::string CalledName(const ir::CallObj* call) {
  auto called = call->attrs.find("called");
  return called == call->attrs.end() ? std::string(call->op) : (*called).second.cast<std::string>();
}

}  // namespace tilescale::op
