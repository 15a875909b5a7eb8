// A scan of lines that lie in the registers of teams of threads.
#ifndef TILESCALE_CC_LOWER_CUDA_SCAN_BLOCK_H_
#define TILESCALE_CC_LOWER_CUDA_SCAN_BLOCK_H_

#include "cc/ir/stmt.h"
#include "cc/lower/cuda/scan_plan.h"

namespace tilescale::lower::cuda {

/// Each thread combines its part of a line, lanes exchange what their parts give, warps that share
/// a line tell each other through shared memory, and all add what is before them. Blocks of a line
/// that is too long for the registers follow each other. The order of combination depends on the
/// plan alone.
ir::Stmt LowerScanBlocks(const op::ScanObj* scan, const ScanPlan& plan, const Context& context);

}  // namespace tilescale::lower::cuda

#endif  // TILESCALE_CC_LOWER_CUDA_SCAN_BLOCK_H_
