// Declarations of the intrinsics that warps carry out together on matrices.
#include "cc/ir/intrinsic.h"

namespace tilescale::op {
namespace {

using ir::Effect;
using ir::Executors;
using ir::MemoryUse;
using ir::TypeRule;

[[maybe_unused]] const bool kDeclared[] = {
    ir::RegisterIntrinsic(
        {"cuda.mma",
         3,
         Effect::kState,
         TypeRule::kInt32,
         "mma(c, a, b): attrs atom, a name of the table of matrix instructions; c += a * b on the "
         "registers from these addresses on; all lanes of a warp",
         {MemoryUse::kReadWrite, MemoryUse::kRead, MemoryUse::kRead},
         Executors::kAll}),
    ir::RegisterIntrinsic(
        {"cuda.load_matrix",
         2,
         Effect::kState,
         TypeRule::kInt32,
         "load_matrix(to, row): attrs count, 1, 2 or 4 matrices of 8 rows of 16 bytes, and "
         "transposed; lane l gives the address of row l mod 8 of matrix l div 8; attr bytes, 16 of "
         "a row; all lanes of a warp",
         {MemoryUse::kWrite, MemoryUse::kRead},
         Executors::kAll}),
    ir::RegisterIntrinsic(
        {"cuda.load_bytes",
         4,
         Effect::kState,
         TypeRule::kInt32,
         "load_bytes(to, row, lane, half): operands of 8 bits across the depth, see "
         "byte_matrix.cuh; attrs blocks of 16 along the depth, whole, for 16 columns instead of 8, "
         "blocks_first, bytes, 16 of a row; all lanes of a warp",
         {MemoryUse::kWrite, MemoryUse::kRead, MemoryUse::kNone, MemoryUse::kNone},
         Executors::kAll}),
    ir::RegisterIntrinsic(
        {"cuda.store_matrix",
         2,
         Effect::kState,
         TypeRule::kInt32,
         "store_matrix(row, from): 4 matrices on the way back of load_matrix; attr bytes, 16 of a "
         "row and of a lane's registers; all lanes of a warp",
         {MemoryUse::kWrite, MemoryUse::kRead},
         Executors::kAll}),
};

}  // namespace
}  // namespace tilescale::op
