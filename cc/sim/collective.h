// What the lanes of a warp do together once all have come.
#ifndef TILESCALE_CC_SIM_COLLECTIVE_H_
#define TILESCALE_CC_SIM_COLLECTIVE_H_

#include "cc/sim/launch.h"

namespace tilescale::sim {

const char* CollectiveName(TsSimCollective op);

// Runs everything but kTsSimSyncWarp, in place of the lane that came last.
void RunCollective(Launch* launch, Meeting* meeting);

void RunMma(Launch* launch, Meeting* meeting);
void RunLdmatrix(Launch* launch, Meeting* meeting);
void RunStmatrix(Launch* launch, Meeting* meeting);

}  // namespace tilescale::sim

#endif  // TILESCALE_CC_SIM_COLLECTIVE_H_
