// Counts what a launch does, by place in the kernel: bank conflicts, sectors, bytes, instructions.
//
// Fibers run one after another, so an instruction of a warp has to be put together from its lanes:
// the n-th access of each lane at one place since the warp last converged is one instruction. Where
// lanes take different ways through a loop, that may join accesses that hardware makes apart.
#ifndef TILESCALE_CC_SIM_TRAFFIC_H_
#define TILESCALE_CC_SIM_TRAFFIC_H_

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tilescale::sim {

inline constexpr uint32_t kLanes = 32;

struct AccessCounts {
  uint64_t requests = 0;    // instructions of a warp
  uint64_t bytes = 0;       // that the lanes asked for
  uint64_t sectors = 0;     // global: different pieces of 32 bytes, summed over requests
  uint64_t wavefronts = 0;  // shared: what the requests cost
  uint64_t ideal = 0;       // shared: what they would without conflicts
  uint64_t worst = 0;       // shared: wavefronts of the worst phase
};

struct AccessKind {
  uint32_t pc;
  bool shared;
  bool writes;

  bool operator<(const AccessKind& other) const {
    return std::make_pair(pc, 2 * shared + writes) <
           std::make_pair(other.pc, 2 * other.shared + other.writes);
  }
};

class Traffic {
 public:
  // One lane's access. `warp` is unique in the launch; addresses of shared memory count from its
  // start.
  void Record(uint64_t warp, uint32_t lane, AccessKind kind, uint64_t address, uint32_t bytes);
  // The rows of a matrix instruction: each group of eight is one phase.
  void RecordMatrix(AccessKind kind, const std::vector<int64_t>& rows);
  // The lanes of a warp meet: what they did so far belongs together.
  void Converge(uint64_t warp);
  void Leave(uint64_t warp);
  void Tally(uint32_t pc, const std::string& what, uint64_t count = 1) {
    tallies_[{pc, what}] += count;
  }
  std::string ToJson() const;

 private:
  struct Group {
    uint32_t mask = 0;
    uint32_t bytes = 0;
    std::array<uint64_t, kLanes> address;
  };
  struct Point {
    std::array<uint32_t, kLanes> next = {};  // occurrence of each lane
    uint32_t first = 0;                      // occurrence of groups.front()
    std::deque<Group> groups;
  };
  using Warp = std::map<AccessKind, Point>;

  void Count(const AccessKind& kind, const Group& group);
  void CountPiece(const AccessKind& kind, const Group& group, uint32_t offset, uint32_t bytes);

  std::unordered_map<uint64_t, Warp> warps_;
  std::map<AccessKind, AccessCounts> counts_;
  std::map<std::pair<uint32_t, std::string>, uint64_t> tallies_;
};

}  // namespace tilescale::sim

#endif  // TILESCALE_CC_SIM_TRAFFIC_H_
