// What the lanes of a warp do together once all have come.
#ifndef TILESCALE_CC_SIM_COLLECTIVE_H_
#define TILESCALE_CC_SIM_COLLECTIVE_H_

#include <string>

#include "cc/sim/launch.h"

namespace tilescale::sim {

const char* CollectiveName(TsSimCollective op);
// With the shape and the types of a product.
std::string MeetingName(const Meeting& meeting);

// Runs everything but kTsSimSyncWarp, in place of the lane that came last.
void RunCollective(Launch* launch, Meeting* meeting);

void RunMma(Launch* launch, Meeting* meeting);
void RunLdmatrix(Launch* launch, Meeting* meeting);
void RunStmatrix(Launch* launch, Meeting* meeting);

}  // namespace tilescale::sim

#endif  // TILESCALE_CC_SIM_COLLECTIVE_H_
