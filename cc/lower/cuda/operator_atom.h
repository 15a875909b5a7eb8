#ifndef TILESCALE_CC_LOWER_CUDA_OPERATOR_ATOM_H_
#define TILESCALE_CC_LOWER_CUDA_OPERATOR_ATOM_H_

#include <functional>
#include <string>

#include "cc/lower/cuda/context.h"
#include "cc/op/tile_op.h"

namespace tilescale::lower::cuda {

/// With which instructions an operator will be carried out, and how warps share them, for readers
/// of schedules: "mma_m16n8k16_f32_f16 on 2 x 2 warps".
using OperatorAtomFn = std::function<std::string(const ir::TileOp&, const Context&)>;

/// Registers the text of node type `type_key` at static-initialisation time.
bool RegisterOperatorAtom(const std::string& type_key, OperatorAtomFn text);
/// Empty if nothing is registered: there is nothing to choose.
std::string OperatorAtom(const ir::TileOp& op, const Context& context);

}  // namespace tilescale::lower::cuda

#endif  // TILESCALE_CC_LOWER_CUDA_OPERATOR_ATOM_H_
