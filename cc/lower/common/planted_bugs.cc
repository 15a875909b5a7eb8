#include "cc/lower/common/planted_bugs.h"

#include "cc/support/diagnostic.h"

namespace tilescale::lower {

const std::vector<PlantedBugInfo>& PlantedBugs() {
  using B = PlantedBug;
  static const std::vector<PlantedBugInfo> bugs = {
      {B::kGuardOffByOne, "guard_off_by_one", "upper bounds are checked with <= instead of <"},
      {B::kDroppedTail, "dropped_tail", "iterations behind the provably safe range are skipped"},
      {B::kSwappedTranspose, "swapped_transpose", "T.transpose copies without exchanging"},
      {B::kMissedLastIteration, "missed_last_iteration", "T.Pipelined stops one iteration early"},
      {B::kMissingClearAccum, "missing_clear_accum", "T.gemm adds although clear_accum is set"},
      {B::kReduceWrongIdentity, "reduce_wrong_identity", "max and min start from 0"},
      {B::kReduceWrongDim, "reduce_wrong_dim", "reductions skip the first element of `dim`"},
      {B::kReduceIgnoresOld, "reduce_ignores_old", "clear=False forgets the old value"},
      {B::kReversedScan, "reversed_scan", "scans run from the wrong end"},
      {B::kRegionOffByOne, "region_off_by_one", "a copy reads one element behind its offset"},
      {B::kCastTruncates, "cast_truncates", "float16 and bfloat16 conversions round to zero"},
      {B::kSafeValueIgnored, "safe_value_ignored", "reads outside give 0, not the safe value"},
      {B::kAtomicOverwrites, "atomic_overwrites", "tile atomics store the operand"},
      {B::kStrideIgnored, "stride_ignored", "explicit strides are treated as contiguous"},
      {B::kGemmTransposeIgnored, "gemm_transpose_ignored",
       "transpose_B of square tiles is ignored"},
      {B::kGemmTailColumns, "gemm_tail_columns", "T.gemm skips columns behind the last full block"},
      {B::kDroppedBarrier, "dropped_barrier", "the first barrier of a block is missing", false},
      {B::kWeakAsyncWait, "weak_async_wait", "a wait leaves one group too many on its way", false},
      {B::kWrongRingSlot, "wrong_ring_slot", "the prologue fills the slots one too far", false},
      {B::kSwizzleOneSide, "swizzle_one_side", "matrix loads ignore the swizzle", false},
      {B::kReduceForgetsWarp, "reduce_forgets_warp", "the last warp's part is not merged", false},
      {B::kReduceMaskTail, "reduce_mask_tail", "padding behind a tile is reduced too", false},
  };
  return bugs;
}

PlantedBug FindPlantedBug(const std::string& name) {
  if (name.empty()) return PlantedBug::kNone;
  std::string known;
  for (const PlantedBugInfo& info : PlantedBugs()) {
    if (name == info.name) return info.bug;
    known += (known.empty() ? "" : ", ") + std::string(info.name);
  }
  support::UserError("CompileOptionError")
      .Message("there is no planted bug `" + name + "`")
      .Expected(known)
      .Got(name)
      .Remedy("use one of the names above, or leave the option out")
      .Throw();
}

}  // namespace tilescale::lower
