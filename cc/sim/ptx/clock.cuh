// Time, as far as a kernel can see it: it grows.
#pragma once

namespace ts::ptx {

TS_DEVICE uint64_t clock_cycles() { return ::ts_sim_clock(); }
TS_DEVICE uint64_t globaltimer() { return ::ts_sim_clock(); }

}  // namespace ts::ptx
