// Declarations of the intrinsics that copy asynchronously: each thread starts copies, ends a group
// of them, and waits for its groups. What arrived is visible to the thread itself after its wait,
// and to the block after the next barrier.
#include "cc/ir/intrinsic.h"

namespace tilescale::op {
namespace {

using ir::Effect;
using ir::Executors;
using ir::MemoryUse;
using ir::TypeRule;

[[maybe_unused]] const bool kDeclared[] = {
    ir::RegisterIntrinsic(
        {"cuda.copy_async",
         3,
         Effect::kState,
         TypeRule::kInt32,
         "copy_async(to, from, predicate): attrs bytes, 4, 8 or 16, to which both are aligned; "
         "without the predicate the bytes become 0 and `from` is not read",
         {MemoryUse::kAsyncWrite, MemoryUse::kRead, MemoryUse::kNone},
         Executors::kOne,
         true}),
    ir::RegisterIntrinsic({"ptx_commit_group",
                           0,
                           Effect::kState,
                           TypeRule::kInt32,
                           "ends the group of this thread's copies since the last commit",
                           {},
                           Executors::kAll}),
    ir::RegisterIntrinsic({"ptx_wait_group",
                           1,
                           Effect::kState,
                           TypeRule::kInt32,
                           "ptx_wait_group(n): waits for all but the n latest groups; attr "
                           "completes, until synchronisation is inserted: the regions that the "
                           "groups wrote for which nobody has waited before",
                           {},
                           Executors::kAll}),
};

}  // namespace
}  // namespace tilescale::op
