// Shared-memory bank conflicts, counted exactly.
//
// 32 banks of 4 bytes. A warp's access runs in phases: all 32 lanes at once for up to 4 bytes a
// lane, halves of the warp for 8 bytes, quarters for 16; twice as many lanes where every active
// lane i agrees in its address with lane i^1, or every one with lane i^2, if that is active. In a
// phase each bank delivers one word per wavefront, to any number of lanes; so a phase costs the
// largest number of different words that its lanes touch in one bank, and the whole access at least
// one wavefront per phase. Loads on an H200 take exactly as many cycles (9000 access patterns,
// inactive lanes included). The simulator counts with the same functions.
#ifndef TILESCALE_CC_LAYOUT_BANK_MODEL_H_
#define TILESCALE_CC_LAYOUT_BANK_MODEL_H_

#include <tvm/ffi/object.h>

#include <cstdint>
#include <string>
#include <vector>

#include "cc/layout/composed.h"

namespace tilescale::layout {

inline constexpr int64_t kNumBanks = 32;
inline constexpr int64_t kBankBytes = 4;
inline constexpr int64_t kWarpSize = 32;

class BankReportObj : public tvm::ffi::Object {
 public:
  int64_t accesses = 0;    // warp-wide load or store instructions
  int64_t wavefronts = 0;  // what they cost
  int64_t ideal = 0;       // one wavefront for each phase
  int64_t worst = 0;       // wavefronts of the worst phase: an n-way conflict

  static constexpr TVMFFISEqHashKind _type_s_eq_hash_kind = kTVMFFISEqHashKindTreeNode;
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.layout.BankReport", BankReportObj, tvm::ffi::Object);
};

class BankReport : public tvm::ffi::ObjectRef {
 public:
  explicit BankReport(BankReportObj counts);
  int64_t Conflicts() const { return get()->wavefronts - get()->ideal; }
  std::string ToString() const;

  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(BankReport, tvm::ffi::ObjectRef, BankReportObj);
};

// Wavefronts of one phase: lanes that access `width` bytes from each of the byte addresses;
// negative ones are inactive.
int64_t PhaseWavefronts(const std::vector<int64_t>& addresses, int64_t width);

// Adds one instruction of a warp to `counts`: `lanes` holds up to 32 byte addresses, -1 where the
// lane is inactive. `width` is 1, 2, 4, 8 or 16 and divides every address, else ValueError.
void CountWarpAccess(const std::vector<int64_t>& lanes, int64_t width, BankReportObj* counts);

// Scores all accesses of a tile: `elements[t * num_values + v]` is the element (counted from the
// start of shared memory) that thread t reads or writes as its value v, -1 for none. Each
// instruction moves `access_bytes` per lane: consecutive values, which must then be consecutive
// elements at an aligned address, else ValueError naming thread and value.
BankReport ScoreElements(const std::vector<int64_t>& elements, int64_t num_values,
                         int64_t element_bits, int64_t access_bytes);

// The same for a (thread, value) -> flat coordinate layout on top of a shared-memory layout.
BankReport ScoreLayout(const Layout& thread_value, const ComposedLayout& memory,
                       int64_t element_bits, int64_t access_bytes);

}  // namespace tilescale::layout

#endif  // TILESCALE_CC_LAYOUT_BANK_MODEL_H_
