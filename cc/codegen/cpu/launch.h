#ifndef TILESCALE_CC_CODEGEN_CPU_LAUNCH_H_
#define TILESCALE_CC_CODEGEN_CPU_LAUNCH_H_

#include <string>
#include <unordered_map>
#include <vector>

#include "cc/codegen/cpu/writer.h"
#include "cc/support/json.h"

namespace tilescale::codegen::cpu {

/// What the runtime must know to launch a kernel, and where the generated code finds it: the order
/// of the slots and the derived expressions of cc/runtime/README.md.
class Launch {
 public:
  /// `grid` is the kernel's tile loop.
  Launch(const ir::PrimFunc& func, const ir::TileLoopObj* grid);

  /// `int32_t ts_exprs(...)`, empty if there are no derived expressions.
  std::string ExprsFunction(Writer* writer) const;
  /// Declares the parameters, symbols and grid extents at the start of `ts_tiles`.
  void ReadSlots(Writer* writer) const;
  /// C expressions of the grid's extents.
  const std::vector<std::string>& grid() const { return grid_text_; }
  /// The symbols, and behind them in the slots the derived expressions.
  const std::vector<ir::Var>& symbols() const { return symbols_; }
  const std::vector<ir::Expr>& exprs() const { return exprs_; }
  /// Whether a scalar parameter is passed as a symbol.
  bool IsSymbol(const ir::Var& var) const { return SymbolIndex(var) >= 0; }
  /// The signature as JSON.
  std::string Signature(const std::vector<Site>& sites) const;

 private:
  void CollectSymbols();
  void CollectExprs();
  void AddDim(const ir::Expr& dim);
  int SymbolIndex(const ir::Expr& e) const;
  int ExprIndex(const ir::Expr& e) const;
  void WriteDim(support::JsonWriter* json, const ir::Expr& dim) const;
  void WriteDims(support::JsonWriter* json, const ffi::Array<ir::Expr>& dims) const;
  void WriteTensor(support::JsonWriter* json, const ir::Buffer& buffer, size_t i) const;
  void WriteScalar(support::JsonWriter* json, const ir::Var& var, size_t i) const;

  ir::PrimFunc func_;
  // The function's symbols, and the scalar parameters that a grid extent depends on.
  std::vector<ir::Var> symbols_;
  const ir::TileLoopObj* grid_;
  std::vector<ir::Expr> exprs_;
  std::vector<std::string> grid_text_;
  size_t first_symbol_slot_ = 0;
};

}  // namespace tilescale::codegen::cpu

#endif  // TILESCALE_CC_CODEGEN_CPU_LAUNCH_H_
