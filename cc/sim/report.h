// What a run found, and what it counted.
#ifndef TILESCALE_CC_SIM_REPORT_H_
#define TILESCALE_CC_SIM_REPORT_H_

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace tilescale::sim {

// A place in the kernel, as an offset in its library, and who was there.
struct Site {
  uint32_t pc = 0;
  uint32_t block = 0;
  uint32_t thread = 0;
  std::string what;
};

struct Event {
  std::string kind;
  std::string message;
  std::vector<Site> sites;
};

struct Counters {
  uint64_t accesses = 0;
  uint64_t switches = 0;
  uint64_t barriers = 0;
  uint64_t mma = 0;
  uint64_t async_copies = 0;
  uint64_t clock_reads = 0;
};

class Report {
 public:
  // Keeps the first event of each kind at each pair of places, and at most kMaxEvents.
  void Add(Event event);
  std::string ToJson() const;

  Counters counters;
  std::string printed;

 private:
  static constexpr size_t kMaxEvents = 100;
  std::vector<Event> events_;
  std::set<std::pair<std::string, std::vector<uint32_t>>> seen_;
  uint64_t dropped_ = 0;
};

}  // namespace tilescale::sim

#endif  // TILESCALE_CC_SIM_REPORT_H_
