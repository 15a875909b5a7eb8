// What a launch did in which order, for a trace viewer. Its time is the launch's own count of
// accesses and switches, not that of hardware.
#ifndef TILESCALE_CC_SIM_TIMELINE_H_
#define TILESCALE_CC_SIM_TIMELINE_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace tilescale::sim {

class Timeline {
 public:
  static constexpr uint32_t kWholeBlock = ~0u;  // in place of a warp

  // Something that a warp, or a block, did from `start` to `end`.
  void Add(const char* category, std::string name, uint32_t block, uint32_t warp, uint64_t start,
           uint64_t end, uint32_t pc);
  // A group of asynchronous copies of a warp is in flight from its first copy to its last wait.
  void CopyStarts(uint32_t block, uint32_t warp, uint32_t group, uint64_t time, uint32_t bytes,
                  uint32_t pc);
  void CopiesArrive(uint32_t block, uint32_t warp, uint32_t last_group, uint64_t time);
  void BlockEnds(uint32_t block);
  std::string ToJson() const;

 private:
  static constexpr size_t kMaxSpans = 1 << 20;

  struct Span {
    const char* category;
    std::string name;
    uint32_t block, warp;
    uint64_t start, end;
    uint32_t pc;
  };
  struct Flight {
    uint64_t start = 0, end = 0;
    uint64_t bytes = 0;
    uint32_t pc = 0;
  };
  struct FlightKey {
    uint32_t block, warp, group;
    bool operator<(const FlightKey& other) const {
      return std::make_pair(block, std::make_pair(warp, group)) <
             std::make_pair(other.block, std::make_pair(other.warp, other.group));
    }
  };

  std::vector<Span> spans_;
  std::map<FlightKey, Flight> flights_;
  uint64_t dropped_ = 0;
};

}  // namespace tilescale::sim

#endif  // TILESCALE_CC_SIM_TIMELINE_H_
