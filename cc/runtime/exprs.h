// The derived integers of a call (extents, strides, grid) from its symbols.
#ifndef TILESCALE_CC_RUNTIME_EXPRS_H_
#define TILESCALE_CC_RUNTIME_EXPRS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "cc/runtime/kernel_abi.h"

namespace tilescale::runtime {

// Kernels of the CPU bring compiled code for their expressions. Others, which need no compiler of
// the host, have them as texts in postfix form: `s0 127 + 128 //` is (symbol 0 + 127) // 128. The
// operators are + - * // % min max; division rounds down, as in Python.
class Exprs {
 public:
  Exprs() = default;
  explicit Exprs(ts_exprs_fn compiled) : compiled_(compiled) {}

  // Returns an empty string or what is wrong with a text. Symbols must be below `num_symbols`.
  std::string Parse(const std::vector<std::string>& texts, int64_t num_symbols);

  // Returns 0, or 1 + the index of the first expression that is undefined.
  int32_t Evaluate(const int64_t* symbols, int64_t* exprs) const;

 private:
  enum class Op : uint8_t { kConst, kSymbol, kAdd, kSub, kMul, kFloorDiv, kFloorMod, kMin, kMax };
  struct Step {
    Op op;
    int64_t value;  // The constant, or the symbol's index.
  };
  static constexpr int kMaxDepth = 32;

  static bool ParseStep(const std::string& word, Step* step);
  static bool Apply(Op op, int64_t* left, int64_t right);
  static bool Run(const std::vector<Step>& steps, const int64_t* symbols, int64_t* result);

  ts_exprs_fn compiled_ = nullptr;
  std::vector<std::vector<Step>> programs_;
};

}  // namespace tilescale::runtime

#endif  // TILESCALE_CC_RUNTIME_EXPRS_H_
