// Tells the counters and the timeline of a launch, if it has them, what its threads do.
#ifndef TILESCALE_CC_SIM_OBSERVE_H_
#define TILESCALE_CC_SIM_OBSERVE_H_

#include <string>
#include <vector>

#include "cc/sim/launch.h"

namespace tilescale::sim {

// An access that CheckAccess has found to be in `region`; null if it need not be counted.
void NoteAccess(Thread* thread, const Region* region, const void* address, size_t size, bool writes,
                uint32_t pc);
// The rows of ldmatrix and stmatrix.
void NoteMatrix(Thread* thread, const std::vector<const void*>& rows, bool writes, uint32_t pc);
// Threads that waited together, of any warps, go on.
void NoteRelease(Launch* launch, const std::vector<Thread*>& threads, const std::string& what);
void NoteMeeting(Launch* launch, const Meeting& meeting, const std::string& what);
void NoteCopy(Thread* thread, const AsyncCopy& copy, uint32_t pc);
void NoteCopyGroup(Thread* thread, uint32_t pc);
void NoteCopyWait(Thread* thread, uint32_t last_group, uint32_t pc);
void NoteBlockEnd(Launch* launch, const Block& block);

}  // namespace tilescale::sim

#endif  // TILESCALE_CC_SIM_OBSERVE_H_
