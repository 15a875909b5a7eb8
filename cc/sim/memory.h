// Registered memory with its shadow: bounds, what was written, and by whom it was last accessed.
#ifndef TILESCALE_CC_SIM_MEMORY_H_
#define TILESCALE_CC_SIM_MEMORY_H_

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "cc/sim/clock.h"

namespace tilescale::sim {

// The last accesses to 1 << shift bytes. Concurrent readers live in a list of the region: then
// read.component is kManyReaders and read.pc the index of the list.
struct Cell {
  Epoch write;
  Epoch read;
};

inline constexpr uint16_t kManyReaders = 0xffff;

struct Freed {
  void operator()(void* memory) const { std::free(memory); }
};

struct Region {
  uintptr_t begin = 0;
  size_t size = 0;
  std::string name;
  bool writable = true;
  bool shared = false;
  unsigned shift = 2;
  std::unique_ptr<Cell[], Freed> cells;       // empty if races are not looked for
  std::unique_ptr<uint8_t[], Freed> written;  // one for each byte; empty if all is initialised
  std::vector<std::vector<Epoch>> readers;

  bool Contains(uintptr_t address, size_t bytes) const {
    return address >= begin && address + bytes <= begin + size;
  }
  void TrackRaces();
  void TrackWrites();
  // Makes cells as small as accesses of `bytes` at `address` need.
  void Refine(uintptr_t address, size_t bytes);
};

// Regions that do not overlap.
class Memory {
 public:
  Region* Add(Region region);
  void Remove(Region* region);
  Region* Find(uintptr_t address, size_t bytes) const;
  // "4 bytes, 8 bytes behind the end of A (64 bytes)".
  std::string Describe(uintptr_t address, size_t bytes) const;

 private:
  std::vector<std::unique_ptr<Region>> regions_;  // by address
};

// One access as the race check sees it.
struct Actor {
  const Clock* clock;
  Epoch epoch;
};

// Records the access; returns the epoch of an earlier one that nothing orders before it, or null.
const Epoch* RecordAccess(Region* region, Cell* cell, const Actor& actor, bool writes);

}  // namespace tilescale::sim

#endif  // TILESCALE_CC_SIM_MEMORY_H_
