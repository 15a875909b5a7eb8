// What the blocks of a multiprocessor share, by architecture.
#ifndef TILESCALE_CC_MACHINE_MULTIPROCESSOR_H_
#define TILESCALE_CC_MACHINE_MULTIPROCESSOR_H_

#include <cstdint>
#include <map>
#include <string>

#include "cc/machine/arch.h"

namespace tilescale::machine {

/// Of 32 bits, of one multiprocessor and of one block.
inline constexpr int64_t kRegisterFile = 65536;
/// Of 32 bits, of one thread.
inline constexpr int64_t kThreadRegisters = 255;
/// Bytes of one thread in local memory: where registers spill to and arrays go.
inline constexpr int64_t kThreadLocalBytes = int64_t{512} * 1024;

/// What a multiprocessor has for its blocks.
struct Multiprocessor {
  int64_t threads = 0;
  int64_t blocks = 0;
  int64_t shared_kib = 0;
  /// Shared memory that each block takes besides its own.
  int64_t reserved_kib = 0;
};

/// The multiprocessor of an architecture ("sm_80", "sm_90a"); null for unknown names.
inline const Multiprocessor* FindMultiprocessor(const std::string& arch) {
  static const std::map<int, Multiprocessor> known = {
      {70, {2048, 32, 96, 0}},   {75, {1024, 16, 64, 0}},   {80, {2048, 32, 164, 1}},
      {86, {1536, 16, 100, 1}},  {89, {1536, 24, 100, 1}},  {90, {2048, 32, 228, 1}},
      {100, {2048, 32, 228, 1}}, {103, {2048, 32, 228, 1}}, {120, {1536, 24, 100, 1}}};
  auto it = known.find(ArchNumber(arch));
  return it == known.end() ? nullptr : &it->second;
}

}  // namespace tilescale::machine

#endif  // TILESCALE_CC_MACHINE_MULTIPROCESSOR_H_
