#include "cc/sim/report.h"

#include <cstdio>

namespace tilescale::sim {
namespace {

std::string Quote(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (code < 0x20 || code >= 0x7f) {
      char escaped[8];
      std::snprintf(escaped, sizeof(escaped), "\\u%04x", code);
      out += escaped;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string SiteJson(const Site& site) {
  return "{\"pc\":" + std::to_string(site.pc) + ",\"block\":" + std::to_string(site.block) +
         ",\"thread\":" + std::to_string(site.thread) + ",\"what\":" + Quote(site.what) + "}";
}

std::string EventJson(const Event& event) {
  std::string out =
      "{\"kind\":" + Quote(event.kind) + ",\"message\":" + Quote(event.message) + ",\"sites\":[";
  for (size_t i = 0; i < event.sites.size(); ++i) out += (i ? "," : "") + SiteJson(event.sites[i]);
  return out + "]}";
}

}  // namespace

void Report::Add(Event event) {
  std::vector<uint32_t> places;
  for (const Site& site : event.sites) places.push_back(site.pc);
  if (!seen_.emplace(event.kind, places).second) return;
  if (events_.size() < kMaxEvents) {
    events_.push_back(std::move(event));
  } else {
    ++dropped_;
  }
}

std::string Report::ToJson() const {
  std::string out = "{\"events\":[";
  for (size_t i = 0; i < events_.size(); ++i) out += (i ? "," : "") + EventJson(events_[i]);
  out += "],\"dropped\":" + std::to_string(dropped_) + ",\"printed\":" + Quote(printed);
  const std::pair<const char*, uint64_t> counts[] = {
      {"accesses", counters.accesses},         {"switches", counters.switches},
      {"barriers", counters.barriers},         {"mma", counters.mma},
      {"async_copies", counters.async_copies},
  };
  out += ",\"counters\":{";
  bool first = true;
  for (const auto& [name, value] : counts) {
    out += std::string(first ? "" : ",") + "\"" + name + "\":" + std::to_string(value);
    first = false;
  }
  return out + "}}";
}

}  // namespace tilescale::sim
