#include "cc/sim/collective.h"

namespace tilescale::sim {
namespace {

// The lane that a shuffle reads, by the PTX ISA's rules for segments of `width` lanes.
uint32_t SourceLane(TsSimCollective op, uint32_t lane, const TsSimShuffle& arguments) {
  uint32_t base = lane & ~(arguments.width - 1);
  uint32_t source = arguments.source % kWarpSize;  // the instruction takes five bits
  uint32_t last = base + arguments.width - 1;
  switch (op) {
    case kTsSimShuffleIdx:
      return base | (source & (arguments.width - 1));
    case kTsSimShuffleUp:
      return lane < base + source ? lane : lane - source;
    case kTsSimShuffleDown:
      return lane + source > last ? lane : lane + source;
    default:
      return (lane ^ source) > last ? lane : lane ^ source;
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

void RunMatch(Meeting* meeting, bool all) {
  auto match = [&](uint32_t lane) { return static_cast<TsSimMatch*>(meeting->arguments[lane]); };
  for (uint32_t lane = 0; lane < kWarpSize; ++lane) {
    if (!meeting->lanes[lane]) continue;
    uint32_t equal = 0;
    for (uint32_t other = 0; other < kWarpSize; ++other) {
      bool same = meeting->lanes[other] && match(other)->value == match(lane)->value;
      if (same) equal |= 1u << other;
    }
    match(lane)->result = all && equal != meeting->arrived ? 0 : equal;
  }
}

uint32_t Reduce(const TsSimRedux& redux, uint32_t a, uint32_t b) {
  bool less = redux.is_signed ? static_cast<int32_t>(a) < static_cast<int32_t>(b) : a < b;
  switch (redux.op) {
    case kTsSimAdd:
      return a + b;
    case kTsSimMin:
      return less ? a : b;
    case kTsSimMax:
      return less ? b : a;
    case kTsSimAnd:
      return a & b;
    case kTsSimOr:
      return a | b;
    default:
      return a ^ b;
  }
}

void RunRedux(Meeting* meeting) {
  uint32_t result = 0;
  bool first = true;
  for (uint32_t lane = 0; lane < kWarpSize; ++lane) {
    if (!meeting->lanes[lane]) continue;
    const auto& redux = *static_cast<TsSimRedux*>(meeting->arguments[lane]);
    result = first ? redux.value : Reduce(redux, result, redux.value);
    first = false;
  }
  for (uint32_t lane = 0; lane < kWarpSize; ++lane) {
    if (meeting->lanes[lane]) static_cast<TsSimRedux*>(meeting->arguments[lane])->value = result;
  }
}

void RunElect(Meeting* meeting) {
  bool elected = false;
  for (uint32_t lane = 0; lane < kWarpSize; ++lane) {
    if (!meeting->lanes[lane]) continue;
    static_cast<TsSimVote*>(meeting->arguments[lane])->result = !elected;
    elected = true;
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
    case kTsSimMatchAny:
      return "match_any";
    case kTsSimMatchAll:
      return "match_all";
    case kTsSimRedux:
      return "redux";
    case kTsSimElect:
      return "elect";
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
    case kTsSimMatchAny:
    case kTsSimMatchAll:
      return RunMatch(meeting, meeting->op == kTsSimMatchAll);
    case kTsSimRedux:
      return RunRedux(meeting);
    case kTsSimElect:
      return RunElect(meeting);
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
