// Vector clocks of CUDA threads. Within a block they are dense; what is known of other blocks is a
// map, empty unless blocks synchronise.
#ifndef TILESCALE_CC_SIM_CLOCK_H_
#define TILESCALE_CC_SIM_CLOCK_H_

#include <cstdint>
#include <map>
#include <vector>

namespace tilescale::sim {

// A block of n threads has 2 n components: n for the threads, n for their asynchronous copies.
using Components = std::vector<uint32_t>;

inline void JoinComponents(Components* into, const Components& from) {
  if (into->size() < from.size()) into->resize(from.size());
  for (size_t i = 0; i < from.size(); ++i) {
    if ((*into)[i] < from[i]) (*into)[i] = from[i];
  }
}

// Block number -> components: what a release tells whoever acquires.
using Message = std::map<uint32_t, Components>;

inline void JoinMessage(Message* into, const Message& from) {
  for (const auto& [block, components] : from) JoinComponents(&(*into)[block], components);
}

// A point in the life of one component of one block, and how memory was accessed there.
struct Epoch {
  uint32_t clock = 0;  // 0: never
  uint32_t block = 0;
  uint16_t component = 0;
  uint8_t atomic = 0;  // 0: plain, else 1 + TsSimScope
  uint32_t pc = 0;     // offset in the kernel's library
};

struct Clock {
  uint32_t block = 0;
  Components own;
  Message others;

  bool Covers(const Epoch& epoch) const {
    if (epoch.block == block) return own[epoch.component] >= epoch.clock;
    auto found = others.find(epoch.block);
    return found != others.end() && found->second[epoch.component] >= epoch.clock;
  }

  Message Tell() const {
    Message message = others;
    message[block] = own;
    return message;
  }

  void Hear(const Message& message) {
    for (const auto& [from, components] : message) {
      JoinComponents(from == block ? &own : &others[from], components);
    }
  }
};

}  // namespace tilescale::sim

#endif  // TILESCALE_CC_SIM_CLOCK_H_
