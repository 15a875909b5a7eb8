#ifndef TILESCALE_CC_LOWER_COMMON_PLANTED_BUGS_H_
#define TILESCALE_CC_LOWER_COMMON_PLANTED_BUGS_H_

#include <string>
#include <vector>

namespace tilescale::lower {

/// Realistic mistakes of a back end, switched on one at a time by the option `plant_bug`. The
/// differential fuzzer must find each of them; nothing else uses them.
enum class PlantedBug {
  kNone,
  kGuardOffByOne,
  kDroppedTail,
  kSwappedTranspose,
  kMissedLastIteration,
  kMissingClearAccum,
  kReduceWrongIdentity,
  kReduceWrongDim,
  kReduceIgnoresOld,
  kReversedScan,
  kRegionOffByOne,
  kCastTruncates,
  kSafeValueIgnored,
  kAtomicOverwrites,
  kStrideIgnored,
  kGemmTransposeIgnored,
  kGemmTailColumns,
  kDroppedBarrier,
  kWeakAsyncWait,
  kWrongRingSlot,
  kSwizzleOneSide,
  kReduceForgetsWarp,
  kReduceMaskTail,
};

struct PlantedBugInfo {
  PlantedBug bug;
  const char* name;  // the value of the option
  const char* doc;   // what goes wrong
  bool cpu = true;   // whether the CPU target has it; those of the CUDA target alone do not
};

/// All bugs, in the order of the enumeration, without kNone.
const std::vector<PlantedBugInfo>& PlantedBugs();
/// The bug called `name`, kNone for an empty name; a user error for an unknown one.
PlantedBug FindPlantedBug(const std::string& name);

}  // namespace tilescale::lower

#endif  // TILESCALE_CC_LOWER_COMMON_PLANTED_BUGS_H_
