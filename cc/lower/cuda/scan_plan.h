// How the threads of a block share the lines of a scan.
#ifndef TILESCALE_CC_LOWER_CUDA_SCAN_PLAN_H_
#define TILESCALE_CC_LOWER_CUDA_SCAN_PLAN_H_

#include <optional>

#include "cc/layout/fragment.h"
#include "cc/lower/cuda/context.h"
#include "cc/op/scan.h"

namespace tilescale::lower::cuda {

/// A team of threads for each line: lanes of one warp, or several whole warps. Thread number
/// `rank` of a team has the elements [rank, rank + 1) * part of its line.
struct ScanPlan {
  int64_t lines;   // of the region
  int64_t length;  // of each
  int64_t lanes;   // of a line in one warp: a power of two
  int64_t warps;   // of a line; above 1 all their lanes belong to it
  int64_t teams;   // lines at once
  int64_t part;
  int64_t rounds;  // lines that a thread holds at once

  int64_t Team() const { return lanes * warps; }
  int64_t Threads() const { return teams * Team(); }
  /// Lines, and elements of each, that are in registers at once.
  int64_t BlockLines() const { return teams * rounds; }
  int64_t BlockLength() const { return Team() * part; }
  int64_t LineBlocks() const { return (lines + BlockLines() - 1) / BlockLines(); }
  int64_t LengthBlocks() const { return (length + BlockLength() - 1) / BlockLength(); }
  int64_t Values() const { return rounds * part; }
  /// (line, position) of each register of a block. A thread's registers count positions first.
  layout::Fragment Layout() const;
};

/// Nothing where extents are not constant or 0.
std::optional<ScanPlan> PlanScan(const op::ScanObj* scan, const Context& context);

/// Cuts the plan into blocks of lines, and of elements if one line is too long, until a thread
/// holds no more than `words` registers of 32 bits.
ScanPlan CutScan(ScanPlan plan, ir::DType type, int64_t words);
/// Registers of 32 bits that a thread needs for a block.
int64_t ScanWords(const ScanPlan& plan, ir::DType type);

}  // namespace tilescale::lower::cuda

#endif  // TILESCALE_CC_LOWER_CUDA_SCAN_PLAN_H_
