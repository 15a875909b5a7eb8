// Warp matrix products: which instructions there are, and which lane holds which element.
#ifndef TILESCALE_CC_LAYOUT_MMA_ATOM_H_
#define TILESCALE_CC_LAYOUT_MMA_ATOM_H_

#include <string>
#include <vector>

#include "cc/ir/dtype.h"
#include "cc/layout/fragment.h"

namespace tilescale::layout {

// C (m x n) += A (m x k) * B (k x n), by one warp with one instruction. The fragments have 32
// threads; consecutive values share a register of 32 bits. m8n8k4 of sm_70 is four products, one
// for each quad pair of lanes: here they tile 16 x 16, so that A and B have two owners.
struct MmaAtom {
  std::string name;  // of the wrapper in cc/device/mma_table.cuh
  int first_arch;    // 80 for sm_80
  int last_arch;     // from where on the hardware only imitates it
  int64_t m, n, k;
  ir::DType a_type, b_type, c_type;
  // The hardware reads 19 of the 32 bits of A and B.
  bool rounds_inputs;
  Fragment a, b, c;
};

// All atoms, in the order of the device's table.
const std::vector<MmaAtom>& MmaAtoms();

// What is multiplied.
struct MmaProblem {
  ir::DType a_type, b_type, c_type;
  int64_t depth;  // K: its remainder by the atom's k is filled up with zeros
};

// The best atom of the architecture (80 for sm_80) that reads its operands as they are, or null if
// it has none for these types: one that divides the depth, then the newest, then the largest.
const MmaAtom* FindMmaAtom(const MmaProblem& problem, int arch);

}  // namespace tilescale::layout

#endif  // TILESCALE_CC_LAYOUT_MMA_ATOM_H_
