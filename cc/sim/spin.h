// Proves that a thread spins: its whole state, registers and stack, is what it was before, and
// nothing changed in memory meanwhile. Until something changes it can only do the same again.
#ifndef TILESCALE_CC_SIM_SPIN_H_
#define TILESCALE_CC_SIM_SPIN_H_

#include <cstdint>

namespace tilescale::sim {

struct Thread;

// Called where the running thread looks at memory and may do so again and again. Polls: atomic
// operations that changed nothing.
void NotePoll(Thread* thread, bool changed);

// Called when a thread has used up its turn of accesses.
void EndTurn(Thread* thread, uint32_t pc);

}  // namespace tilescale::sim

#endif  // TILESCALE_CC_SIM_SPIN_H_
