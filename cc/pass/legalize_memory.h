#ifndef TILESCALE_CC_PASS_LEGALIZE_MEMORY_H_
#define TILESCALE_CC_PASS_LEGALIZE_MEMORY_H_

#include "cc/ir/function.h"
#include "cc/lower/common/context.h"

namespace tilescale::pass {

/// Guards each access that may lie outside its buffer: a read there gives 0 or the annotated safe
/// value, a write or an atomic is dropped. A vector is inside or outside as a whole. A guard is a
/// chain of comparisons; each comparison that the analyzer proves is left out. Of annotations
/// only those of layouts are left. On-chip buffers are guarded like global ones, so that a bad
/// index cannot damage the process.
///
/// Must run after `WidenIndices`: the guards compare exact 64-bit indices.
ir::PrimFunc LegalizeMemory(const ir::PrimFunc& func, const lower::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_LEGALIZE_MEMORY_H_
