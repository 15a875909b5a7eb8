// Shuffles and votes.
#pragma once

namespace ts_sim {

TS_DEVICE uint32_t Redux(uint32_t mask, uint32_t value, TsSimAtomic op, bool is_signed) {
  TS_SIM_NEEDS("redux.sync", 80);
  TsSimRedux arguments{value, op, is_signed};
  ::ts_sim_collective(kTsSimRedux, mask, &arguments);
  return arguments.value;
}

}  // namespace ts_sim

namespace ts::ptx {

#define TS_SHUFFLE(name, kind)                                                            \
  TS_DEVICE uint32_t name(uint32_t mask, uint32_t value, uint32_t lane, uint32_t width) { \
    TsSimShuffle arguments{value, lane, width};                                           \
    ::ts_sim_collective(kTsSimShuffle##kind, mask, &arguments);                           \
    return arguments.value;                                                               \
  }
TS_SHUFFLE(shfl_idx, Idx)
// lane: how far away, or which bits of the lane's number are flipped.
TS_SHUFFLE(shfl_up, Up)
TS_SHUFFLE(shfl_down, Down)
TS_SHUFFLE(shfl_xor, Xor)
#undef TS_SHUFFLE
TS_DEVICE uint32_t ballot(uint32_t mask, bool predicate) {
  TsSimVote arguments{predicate, 0};
  ::ts_sim_collective(kTsSimBallot, mask, &arguments);
  return arguments.result;
}
#define TS_MATCH(name, kind)                                  \
  TS_DEVICE uint32_t name(uint32_t mask, uint64_t value) {    \
    TsSimMatch arguments{value, 0};                           \
    ::ts_sim_collective(kTsSimMatch##kind, mask, &arguments); \
    return arguments.result;                                  \
  }                                                           \
  TS_DEVICE uint32_t name(uint32_t mask, uint32_t value) { return name(mask, uint64_t{value}); }
// Lanes of the mask whose values are equal to the caller's.
TS_MATCH(match_any, Any)
// The mask if all its lanes have one value, else 0.
TS_MATCH(match_all, All)
#undef TS_MATCH
TS_DEVICE uint32_t active_mask() { return ::ts_sim_active_mask(); }
// True in one lane of the mask: the lowest.
TS_DEVICE bool elect(uint32_t mask) {
  TsSimVote arguments{0, 0};
  ::ts_sim_collective(kTsSimElect, mask, &arguments);
  return arguments.result;
}

#define TS_REDUX(name, T, op, is_signed)                                             \
  TS_DEVICE T name(uint32_t mask, T value) {                                         \
    return static_cast<T>(                                                           \
        ::ts_sim::Redux(mask, static_cast<uint32_t>(value), kTsSim##op, is_signed)); \
  }
TS_REDUX(redux_add, uint32_t, Add, false)
TS_REDUX(redux_add, int32_t, Add, true)
TS_REDUX(redux_min, uint32_t, Min, false)
TS_REDUX(redux_min, int32_t, Min, true)
TS_REDUX(redux_max, uint32_t, Max, false)
TS_REDUX(redux_max, int32_t, Max, true)
TS_REDUX(redux_and, uint32_t, And, false)
TS_REDUX(redux_or, uint32_t, Or, false)
TS_REDUX(redux_xor, uint32_t, Xor, false)
#undef TS_REDUX

}  // namespace ts::ptx
