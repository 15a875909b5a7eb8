#include "cc/sim/collective.h"

namespace tilescale::sim {
namespace {

// The lane that a shuffle reads, by the PTX ISA's rules for segments of `width` lanes.
uint32_t SourceLane(TsSimCollective op, uint32_t lane, const TsSimShuffle& arguments) {
  uint32_t base = lane & ~(arguments.width - 1);
  uint32_t last = base + arguments.width - 1;
  switch (op) {
    case kTsSimShuffleIdx:
      return base | (arguments.source & (arguments.width - 1));
    case kTsSimShuffleUp:
      return lane < base + arguments.source ? lane : lane - arguments.source;
    case kTsSimShuffleDown:
      return lane + arguments.source > last ? lane : lane + arguments.source;
    default:
      return (lane ^ arguments.source) > last ? lane : lane ^ arguments.source;
  }
}

void RunShuffle(Launch* launch, Meeting* meeting) {
  uint32_t values[kWarpSize] = {};
  for (uint32_t lane = 0; lane < kWarpSize; ++lane) {
    if (!meeting->lanes[lane]) continue;
    auto* arguments = static_cast<TsSimShuffle*>(meeting->arguments[lane]);
    uint32_t source = SourceLane(meeting->op, lane, *arguments);
    if (source >= kWarpSize || !meeting->lanes[source]) {
      const Thread& thread = *meeting->lanes[lane];
      launch->report.Add(
          {"divergent_collective",
           "shuffle: reads lane " + std::to_string(source) + ", which does not take part",
           {SiteOf(thread, meeting->pc, "here")}});
      source = lane;
    }
    values[lane] = static_cast<TsSimShuffle*>(meeting->arguments[source])->value;
  }
  for (uint32_t lane = 0; lane < kWarpSize; ++lane) {
    if (meeting->lanes[lane]) {
      static_cast<TsSimShuffle*>(meeting->arguments[lane])->value = values[lane];
    }
  }
}

void RunBallot(Meeting* meeting) {
  uint32_t votes = 0;
  for (uint32_t lane = 0; lane < kWarpSize; ++lane) {
    if (!meeting->lanes[lane]) continue;
    if (static_cast<TsSimVote*>(meeting->arguments[lane])->predicate) votes |= 1u << lane;
  }
  for (uint32_t lane = 0; lane < kWarpSize; ++lane) {
    if (meeting->lanes[lane]) static_cast<TsSimVote*>(meeting->arguments[lane])->result = votes;
  }
}

}  // namespace

const char* CollectiveName(TsSimCollective op) {
  switch (op) {
    case kTsSimSyncWarp:
      return "sync_warp";
    case kTsSimShuffleIdx:
      return "shfl_idx";
    case kTsSimShuffleUp:
      return "shfl_up";
    case kTsSimShuffleDown:
      return "shfl_down";
    case kTsSimShuffleXor:
      return "shfl_xor";
    case kTsSimBallot:
      return "vote";
    case kTsSimLdmatrix:
      return "ldmatrix";
    case kTsSimStmatrix:
      return "stmatrix";
    case kTsSimMma:
      return "mma";
  }
  return "?";
}

void RunCollective(Launch* launch, Meeting* meeting) {
  switch (meeting->op) {
    case kTsSimSyncWarp:
      return;
    case kTsSimBallot:
      return RunBallot(meeting);
    case kTsSimLdmatrix:
      return RunLdmatrix(launch, meeting);
    case kTsSimStmatrix:
      return RunStmatrix(launch, meeting);
    case kTsSimMma:
      return RunMma(launch, meeting);
    default:
      return RunShuffle(launch, meeting);
  }
}

}  // namespace tilescale::sim
