// Shuffles and votes.
#pragma once

namespace ts::ptx {

TS_DEVICE uint32_t shfl_idx(uint32_t mask, uint32_t value, uint32_t lane, uint32_t width) {
  TsSimShuffle arguments{value, lane, width};
  ::ts_sim_collective(kTsSimShuffleIdx, mask, &arguments);
  return arguments.value;
}
TS_DEVICE uint32_t shfl_up(uint32_t mask, uint32_t value, uint32_t delta, uint32_t width) {
  TsSimShuffle arguments{value, delta, width};
  ::ts_sim_collective(kTsSimShuffleUp, mask, &arguments);
  return arguments.value;
}
TS_DEVICE uint32_t shfl_down(uint32_t mask, uint32_t value, uint32_t delta, uint32_t width) {
  TsSimShuffle arguments{value, delta, width};
  ::ts_sim_collective(kTsSimShuffleDown, mask, &arguments);
  return arguments.value;
}
TS_DEVICE uint32_t shfl_xor(uint32_t mask, uint32_t value, uint32_t lanes, uint32_t width) {
  TsSimShuffle arguments{value, lanes, width};
  ::ts_sim_collective(kTsSimShuffleXor, mask, &arguments);
  return arguments.value;
}
TS_DEVICE uint32_t ballot(uint32_t mask, bool predicate) {
  TsSimVote arguments{predicate, 0};
  ::ts_sim_collective(kTsSimBallot, mask, &arguments);
  return arguments.result;
}

}  // namespace ts::ptx
