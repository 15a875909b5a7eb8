#include "cc/sim/traffic.h"

#include <algorithm>

#include "cc/machine/bank_conflicts.h"

namespace tilescale::sim {
namespace {

constexpr uint64_t kSectorBytes = 32;
constexpr uint32_t kWidestAccess = 16;  // bytes of a lane in one instruction
constexpr uint32_t kRowsPerMatrix = 8;
constexpr uint32_t kRowBytes = 16;

// The widest access that an instruction could make there: 1, 2, 4, 8 or 16 bytes.
uint32_t WidthAt(uint64_t address, uint32_t bytes) {
  uint32_t width = kWidestAccess;
  while (width > bytes || address % width) width /= 2;
  return width;
}

}  // namespace

void Traffic::Record(uint64_t warp, uint32_t lane, AccessKind kind, uint64_t address,
                     uint32_t bytes) {
  Point& point = warps_[warp][kind];
  uint32_t index = point.next[lane]++ - point.first;
  if (index >= point.groups.size()) point.groups.resize(index + 1);
  Group& group = point.groups[index];
  group.mask |= 1u << lane;
  group.bytes = std::max(group.bytes, bytes);
  group.address[lane] = address;
  while (!point.groups.empty() && point.groups.front().mask == ~0u) {
    Count(kind, point.groups.front());
    point.groups.pop_front();
    ++point.first;
  }
}

void Traffic::Count(const AccessKind& kind, const Group& group) {
  uint64_t bits = 0;
  for (uint32_t lane = 0; lane < kLanes; ++lane) {
    if (!(group.mask >> lane & 1)) continue;
    bits |= group.address[lane];
  }
  uint32_t width = WidthAt(bits, group.bytes);
  for (uint32_t offset = 0; offset < group.bytes; offset += width) {
    CountPiece(kind, group, offset, std::min(width, group.bytes - offset));
  }
}

void Traffic::CountPiece(const AccessKind& kind, const Group& group, uint32_t offset,
                         uint32_t bytes) {
  AccessCounts& counts = counts_[kind];
  ++counts.requests;
  std::vector<int64_t> lanes(kLanes, -1);
  std::vector<uint64_t> sectors;
  for (uint32_t lane = 0; lane < kLanes; ++lane) {
    if (!(group.mask >> lane & 1)) continue;
    uint64_t address = group.address[lane] + offset;
    counts.bytes += bytes;
    lanes[lane] = static_cast<int64_t>(address);
    sectors.push_back(address / kSectorBytes);
  }
  if (kind.shared) {
    machine::BankCount banks = machine::CountBanks(lanes, bytes);
    counts.wavefronts += static_cast<uint64_t>(banks.wavefronts);
    counts.ideal += static_cast<uint64_t>(banks.ideal);
    counts.worst = std::max(counts.worst, static_cast<uint64_t>(banks.worst));
    return;
  }
  std::sort(sectors.begin(), sectors.end());
  counts.sectors +=
      static_cast<uint64_t>(std::unique(sectors.begin(), sectors.end()) - sectors.begin());
}

void Traffic::RecordMatrix(AccessKind kind, const std::vector<int64_t>& rows) {
  AccessCounts& counts = counts_[kind];
  ++counts.requests;
  for (size_t first = 0; first < rows.size(); first += kRowsPerMatrix) {
    auto cost = static_cast<uint64_t>(
        machine::PhaseWavefronts(rows.data() + first, kRowsPerMatrix, kRowBytes));
    counts.bytes += uint64_t{kRowsPerMatrix} * kRowBytes;
    counts.wavefronts += cost;
    counts.worst = std::max(counts.worst, cost);
    ++counts.ideal;
  }
}

void Traffic::Converge(uint64_t warp) {
  auto found = warps_.find(warp);
  if (found == warps_.end()) return;
  for (auto& [kind, point] : found->second) {
    for (const Group& group : point.groups) Count(kind, group);
    point.groups.clear();
    point.next = {};
    point.first = 0;
  }
}

void Traffic::Leave(uint64_t warp) {
  Converge(warp);
  warps_.erase(warp);
}

std::string Traffic::ToJson() const {
  auto field = [](const char* name, uint64_t value) {
    return std::string(",\"") + name + "\":" + std::to_string(value);
  };
  std::string out = "{\"accesses\":[";
  bool first = true;
  for (const auto& [kind, counts] : counts_) {
    out += std::string(first ? "" : ",") + "{\"pc\":" + std::to_string(kind.pc) +
           field("shared", kind.shared) + field("writes", kind.writes) +
           field("requests", counts.requests) + field("bytes", counts.bytes) +
           field("sectors", counts.sectors) + field("wavefronts", counts.wavefronts) +
           field("ideal", counts.ideal) + field("worst", counts.worst) + "}";
    first = false;
  }
  out += "],\"tallies\":[";
  first = true;
  for (const auto& [place, count] : tallies_) {
    out += std::string(first ? "" : ",") + "{\"pc\":" + std::to_string(place.first) +
           ",\"what\":\"" + place.second + "\"" + field("count", count) + "}";
    first = false;
  }
  return out + "]}";
}

}  // namespace tilescale::sim
