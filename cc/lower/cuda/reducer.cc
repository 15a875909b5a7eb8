// Reducers are lowered by a pass of their own, which looks at all updates of one at once.
#include "cc/op/reducer.h"

#include "cc/lower/cuda/layout_demand.h"

namespace tilescale::lower::cuda {
namespace {

// The end of an epoch stores results wherever they are wanted.
std::vector<LayoutDemand> FollowNothing(const ir::TileOp&, const Layouts&, const Context&) {
  return {};
}

[[maybe_unused]] const bool kRegistered[] = {
    RegisterLayoutFollow(op::ReducerInitObj::_type_key, FollowNothing),
    RegisterLayoutFollow(op::ReducerFinalizeObj::_type_key, FollowNothing),
};

}  // namespace
}  // namespace tilescale::lower::cuda
