// How much shared memory a block can have, by architecture.
#ifndef TILESCALE_CC_MACHINE_SHARED_MEMORY_H_
#define TILESCALE_CC_MACHINE_SHARED_MEMORY_H_

#include <cstdint>
#include <map>
#include <string>

#include "cc/machine/arch.h"

namespace tilescale::machine {

/// Bytes that a block of an architecture ("sm_80", "sm_90a") can ask for; 0 for unknown names.
inline int64_t SharedMemoryLimit(const std::string& arch) {
  static const std::map<int, int64_t> kib = {{70, 96},  {75, 64},   {80, 163},  {86, 99}, {89, 99},
                                             {90, 227}, {100, 227}, {103, 227}, {120, 99}};
  auto it = kib.find(ArchNumber(arch));
  return it == kib.end() ? 0 : it->second * 1024;
}

}  // namespace tilescale::machine

#endif  // TILESCALE_CC_MACHINE_SHARED_MEMORY_H_
