#include "cc/sim/timeline.h"

#include <algorithm>

namespace tilescale::sim {

void Timeline::Add(const char* category, std::string name, uint32_t block, uint32_t warp,
                   uint64_t start, uint64_t end, uint32_t pc) {
  if (spans_.size() >= kMaxSpans) {
    ++dropped_;
    return;
  }
  spans_.push_back({category, std::move(name), block, warp, start, std::max(start + 1, end), pc});
}

void Timeline::CopyStarts(uint32_t block, uint32_t warp, uint32_t group, uint64_t time,
                          uint32_t bytes, uint32_t pc) {
  Flight& flight = flights_[{block, warp, group}];
  if (flight.bytes == 0) {
    flight.start = time;
    flight.pc = pc;
  }
  flight.bytes += bytes;
  flight.end = std::max(flight.end, time);
}

void Timeline::CopiesArrive(uint32_t block, uint32_t warp, uint32_t last_group, uint64_t time) {
  auto flight = flights_.lower_bound({block, warp, 0});
  for (; flight != flights_.end(); ++flight) {
    const FlightKey& key = flight->first;
    if (key.block != block || key.warp != warp || key.group > last_group) break;
    flight->second.end = std::max(flight->second.end, time);
  }
}

void Timeline::BlockEnds(uint32_t block) {
  auto first = flights_.lower_bound({block, 0, 0});
  auto last = first;
  for (; last != flights_.end() && last->first.block == block; ++last) {
    const auto& [key, flight] = *last;
    Add("copy", std::to_string(flight.bytes) + " bytes, group " + std::to_string(key.group), block,
        key.warp, flight.start, flight.end, flight.pc);
  }
  flights_.erase(first, last);
}

std::string Timeline::ToJson() const {
  std::string out = "{\"dropped\":" + std::to_string(dropped_) + ",\"spans\":[";
  bool first = true;
  for (const Span& span : spans_) {
    out += std::string(first ? "" : ",") + "[\"" + span.category + "\",\"" + span.name + "\"," +
           std::to_string(span.block) + "," + std::to_string(static_cast<int32_t>(span.warp)) +
           "," + std::to_string(span.start) + "," + std::to_string(span.end) + "," +
           std::to_string(span.pc) + "]";
    first = false;
  }
  return out + "]}";
}

}  // namespace tilescale::sim
