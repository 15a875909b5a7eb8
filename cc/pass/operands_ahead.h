#ifndef TILESCALE_CC_PASS_OPERANDS_AHEAD_H_
#define TILESCALE_CC_PASS_OPERANDS_AHEAD_H_

#include <string>
#include <vector>

#include "cc/lower/cuda/context.h"
#include "cc/op/gemm.h"

namespace tilescale::pass {

namespace ffi = tvm::ffi;

/// The end of the atom of products whose operands are read one instruction's depth ahead, over the
/// barrier between two iterations, so that no warp has to wait for shared memory behind it.
inline constexpr const char* kOperandsAhead = ", operands ahead";
bool HasOperandsAhead(const std::string& atom);

/// Whether a product can be carried out so, and whether it pays: its registers leave no room for a
/// second block, which would cover the wait as well.
struct AheadChoice {
  bool possible = false;
  bool pays = false;
};
AheadChoice ChooseOperandsAhead(const op::GemmObj* gemm, const lower::cuda::Context& context);

/// The parts of a product. Registers hold the operands of two of its steps along the depth; those
/// of the last step of an iteration are multiplied in the next one.
struct AheadProduct {
  std::vector<ir::Buffer> registers;
  /// Before the loop: the product of no iteration is 0.
  ffi::Array<ir::Stmt> clear;
  /// Behind the iteration's barrier: its first operands, then the last product of the one before.
  ffi::Array<ir::Stmt> first;
  ffi::Array<ir::Stmt> rest;
  /// Behind the loop: the last product of the last iteration.
  ir::Stmt last;
};
AheadProduct SplitProduct(const op::GemmObj* gemm, const lower::cuda::Context& context);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_OPERANDS_AHEAD_H_
