#include "cc/lower/cuda/lane_groups.h"

#include "cc/ir/intrinsic.h"

namespace tilescale::lower::cuda {
namespace {

// The lanes of this thread's warp that exist.
ir::Expr Lanes(const Context& context) {
  const ir::DType u32 = ir::dtype::UInt(32);
  const int64_t rest = context.threads % kWarpSize;
  ir::Expr all = ir::MakeInt(u32, 0xffffffffLL);
  if (rest == 0) return all;
  ir::Expr full_warps = ir::MakeInt(ir::dtype::Int(32), context.threads - rest);
  return ir::MakeSelect(context.thread < full_warps, all, ir::MakeInt(u32, (1LL << rest) - 1));
}

}  // namespace

int64_t LanesPerLine(int64_t lines, int64_t length, const Context& context) {
  int64_t group = 1;
  while (group < kWarpSize && context.threads % (group * 2) == 0 && group < length &&
         lines * group < context.threads) {
    group *= 2;
  }
  return group;
}

ir::Expr ShuffleLanes(const char* op, const ir::Expr& value, const ir::Expr& source, int64_t width,
                      const Context& context) {
  const ir::DType i32 = ir::dtype::Int(32);
  ir::DType t = value.dtype();
  // Narrow values travel in the types of 32 bits that hold them exactly.
  ir::DType carried = t;
  if (t.bits < 32) carried = ir::dtype::IsFloat(t) ? ir::dtype::Float(32) : i32;
  ir::Expr received = ir::MakeCall(
      op, {ir::MakeCast(carried, value), source, ir::MakeInt(i32, width), Lanes(context)}, {},
      carried);
  return ir::MakeCast(t, received);
}

ir::Expr ShuffleLanes(const char* op, const ir::Expr& value, int64_t distance, int64_t width,
                      const Context& context) {
  return ShuffleLanes(op, value, ir::MakeInt(ir::dtype::Int(32), distance), width, context);
}

}  // namespace tilescale::lower::cuda
