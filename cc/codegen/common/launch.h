#ifndef TILESCALE_CC_CODEGEN_COMMON_LAUNCH_H_
#define TILESCALE_CC_CODEGEN_COMMON_LAUNCH_H_

#include <string>
#include <unordered_map>
#include <vector>

#include "cc/ir/function.h"
#include "cc/support/json.h"

namespace tilescale::codegen {

namespace ffi = tvm::ffi;

/// A place that can end a launch with an error: see `sites` in cc/runtime/README.md.
struct Site {
  std::string message;
  ir::Span span;
};

/// What the runtime must know to launch a kernel: the order of the slots and the derived
/// expressions of cc/runtime/README.md.
class Launch {
 public:
  /// `grid` is the kernel's tile loop.
  Launch(const ir::PrimFunc& func, const ir::TileLoopObj* grid);

  const ir::PrimFunc& func() const { return func_; }
  const ir::TileLoopObj* grid() const { return grid_; }
  /// The symbols, and behind them in the slots the derived expressions.
  const std::vector<ir::Var>& symbols() const { return symbols_; }
  const std::vector<ir::Expr>& exprs() const { return exprs_; }
  /// The number of a symbol, or -1: a scalar parameter may be passed as a symbol.
  int SymbolIndex(const ir::Expr& e) const;
  /// The number of a derived expression, or -1.
  int ExprIndex(const ir::Expr& e) const;
  /// Lets the launch check that each element of the tensors has a 32-bit offset, and that the
  /// function's symbols are at most `most_symbol`; otherwise the launch takes another variant of
  /// the kernel. Adds derived expressions.
  void LimitIndices(const std::vector<ir::Buffer>& tensors, int64_t most_symbol);
  /// The signature as JSON.
  std::string Signature(const std::vector<Site>& sites) const;

 private:
  void CollectSymbols();
  void CollectExprs();
  void AddDim(const ir::Expr& dim);
  void AddLimit(const ir::Expr& count);
  void WriteDim(support::JsonWriter* json, const ir::Expr& dim) const;
  void WriteDims(support::JsonWriter* json, const ffi::Array<ir::Expr>& dims) const;
  void WriteTensor(support::JsonWriter* json, const ir::Buffer& buffer, size_t i) const;
  void WriteScalar(support::JsonWriter* json, const ir::Var& var, size_t i) const;

  ir::PrimFunc func_;
  // The function's symbols, and the scalar parameters that a grid extent depends on.
  std::vector<ir::Var> symbols_;
  const ir::TileLoopObj* grid_;
  std::vector<ir::Expr> exprs_;
  // Derived expressions that must be below 2^31.
  std::vector<int64_t> index32_limit_;
};

}  // namespace tilescale::codegen

#endif  // TILESCALE_CC_CODEGEN_COMMON_LAUNCH_H_
