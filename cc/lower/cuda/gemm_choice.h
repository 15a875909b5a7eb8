#ifndef TILESCALE_CC_LOWER_CUDA_GEMM_CHOICE_H_
#define TILESCALE_CC_LOWER_CUDA_GEMM_CHOICE_H_

#include "cc/layout/mma_atom.h"
#include "cc/lower/cuda/context.h"
#include "cc/op/gemm.h"

namespace tilescale::lower::cuda {

/// The number in "sm_80", "sm_90a".
int ArchNumber(const Context& context);

/// The matrix instruction for a product of this depth, or null if single threads shall multiply.
/// The operator's attribute "instruction" may ask for one: a name of the table of instructions,
/// "mma" for any of them, "fma" for none. Naming one of TF32 allows it to round its operands.
/// Throws `MatrixInstructionError` if the architecture lacks what is asked for, or the types
/// differ.
const layout::MmaAtom* ChooseInstruction(const op::GemmObj* gemm, int64_t depth,
                                         const Context& context);

}  // namespace tilescale::lower::cuda

#endif  // TILESCALE_CC_LOWER_CUDA_GEMM_CHOICE_H_
