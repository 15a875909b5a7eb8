// The names of architectures.
#ifndef TILESCALE_CC_MACHINE_ARCH_H_
#define TILESCALE_CC_MACHINE_ARCH_H_

#include <charconv>
#include <string>

namespace tilescale::machine {

/// 80 of "sm_80", 90 of "sm_90a"; 0 of what names no architecture.
inline int ArchNumber(const std::string& arch) {
  constexpr size_t kPrefix = 3;  // "sm_"
  int number = 0;
  if (arch.size() > kPrefix) {
    std::from_chars(arch.data() + kPrefix, arch.data() + arch.size(), number);
  }
  return number;
}

}  // namespace tilescale::machine

#endif  // TILESCALE_CC_MACHINE_ARCH_H_
