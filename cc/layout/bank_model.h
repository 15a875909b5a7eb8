// Shared-memory bank conflicts of tiles and layouts; cc/machine counts those of one instruction.
#ifndef TILESCALE_CC_LAYOUT_BANK_MODEL_H_
#define TILESCALE_CC_LAYOUT_BANK_MODEL_H_

#include <tvm/ffi/object.h>

#include <cstdint>
#include <string>
#include <vector>

#include "cc/layout/composed.h"
#include "cc/machine/bank_conflicts.h"

namespace tilescale::layout {

using machine::kBankBytes;
using machine::kNumBanks;
using machine::kWarpSize;

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
