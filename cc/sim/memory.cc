#include "cc/sim/memory.h"

#include <algorithm>
#include <new>

#include "cc/sim/abi.h"

namespace tilescale::sim {
namespace {

template <typename T>
std::unique_ptr<T[], Freed> Zeroed(size_t count) {
  void* memory = std::calloc(count, sizeof(T));
  if (!memory) throw std::bad_alloc();
  return std::unique_ptr<T[], Freed>(static_cast<T*>(memory));
}

size_t CellCount(const Region& region) {
  return (region.size + (size_t{1} << region.shift) - 1) >> region.shift;
}

// Two atomic operations do not race if the scope of each holds the other thread.
bool BothAtomic(const Epoch& a, const Epoch& b) {
  if (!a.atomic || !b.atomic) return false;
  return a.block == b.block || std::min(a.atomic, b.atomic) > 1 + kTsSimCluster;
}

bool Conflicts(const Epoch& earlier, const Actor& actor) {
  return earlier.clock && !actor.clock->Covers(earlier) && !BothAtomic(earlier, actor.epoch);
}

void AddReader(Region* region, Cell* cell, const Actor& actor) {
  if (cell->read.component != kManyReaders) {
    if (!cell->read.clock || actor.clock->Covers(cell->read)) {
      cell->read = actor.epoch;
      return;
    }
    region->readers.push_back({cell->read});
    cell->read.component = kManyReaders;
    cell->read.pc = static_cast<uint32_t>(region->readers.size() - 1);
  }
  // Whoever comes after this read also comes after those that this one comes after.
  auto& list = region->readers[cell->read.pc];
  list.erase(std::remove_if(list.begin(), list.end(),
                            [&](const Epoch& e) { return actor.clock->Covers(e); }),
             list.end());
  list.push_back(actor.epoch);
}

}  // namespace

void Region::TrackRaces() { cells = Zeroed<Cell>(CellCount(*this)); }

void Region::TrackWrites() { written = Zeroed<uint8_t>(size); }

void Region::Refine(uintptr_t address, size_t bytes) {
  uintptr_t bits = (address - begin) | bytes;
  unsigned wanted = shift;
  while (bits & ((uintptr_t{1} << wanted) - 1)) --wanted;
  if (wanted == shift) return;
  unsigned old_shift = shift;
  auto old = std::move(cells);
  size_t old_count = (size + (size_t{1} << old_shift) - 1) >> old_shift;
  shift = wanted;
  cells = Zeroed<Cell>(CellCount(*this));
  size_t pieces = size_t{1} << (old_shift - wanted);
  for (size_t i = 0; i < old_count; ++i) {
    if (!old[i].write.clock && !old[i].read.clock) continue;
    for (size_t j = 0; j < pieces && i * pieces + j < CellCount(*this); ++j) {
      Cell& cell = cells[i * pieces + j];
      cell = old[i];
      if (cell.read.component == kManyReaders && j > 0) {
        auto copy = readers[cell.read.pc];
        readers.push_back(std::move(copy));
        cell.read.pc = static_cast<uint32_t>(readers.size() - 1);
      }
    }
  }
}

Region* Memory::Add(Region region) {
  auto owned = std::make_unique<Region>(std::move(region));
  auto place =
      std::lower_bound(regions_.begin(), regions_.end(), owned->begin,
                       [](const auto& r, uintptr_t address) { return r->begin < address; });
  return regions_.insert(place, std::move(owned))->get();
}

void Memory::Remove(Region* region) {
  regions_.erase(std::find_if(regions_.begin(), regions_.end(),
                              [&](const auto& r) { return r.get() == region; }));
}

Region* Memory::Find(uintptr_t address, size_t bytes) const {
  auto after = std::upper_bound(regions_.begin(), regions_.end(), address,
                                [](uintptr_t wanted, const auto& r) { return wanted < r->begin; });
  if (after == regions_.begin()) return nullptr;
  Region* region = (after - 1)->get();
  return region->Contains(address, bytes) ? region : nullptr;
}

std::string Memory::Describe(uintptr_t address, size_t bytes) const {
  std::string text = std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes");
  const Region* nearest = nullptr;
  uint64_t best = ~uint64_t{0};
  for (const auto& region : regions_) {
    uint64_t before = region->begin - address;
    uint64_t behind = address - (region->begin + region->size);
    uint64_t distance = region->Contains(address, 1) ? 0
                        : address < region->begin    ? before
                                                     : behind;
    if (distance < best || !nearest) {
      best = distance;
      nearest = region.get();
    }
  }
  if (!nearest || best > (uint64_t{1} << 32)) return text + " at an address that no argument has";
  text += nearest->Contains(address, 1)
              ? ", " + std::to_string(address - nearest->begin) + " bytes into "
          : address < nearest->begin ? ", " + std::to_string(best) + " bytes before the start of "
                                     : ", " + std::to_string(best) + " bytes behind the end of ";
  return text + nearest->name + " (" + std::to_string(nearest->size) + " bytes)";
}

const Epoch* RecordAccess(Region* region, Cell* cell, const Actor& actor, bool writes) {
  static thread_local Epoch found;  // cells change below
  const Epoch* conflict = nullptr;
  auto look = [&](const Epoch& earlier) {
    if (!conflict && Conflicts(earlier, actor)) {
      found = earlier;
      conflict = &found;
    }
  };
  look(cell->write);
  if (!writes) {
    AddReader(region, cell, actor);
    return conflict;
  }
  if (cell->read.clock && cell->read.component == kManyReaders) {
    auto& list = region->readers[cell->read.pc];
    for (const Epoch& reader : list) look(reader);
    list.clear();
    list.shrink_to_fit();
  } else {
    look(cell->read);
  }
  cell->read = Epoch();
  cell->write = actor.epoch;
  return conflict;
}

}  // namespace tilescale::sim
