// What the arguments of a compiled kernel are. README.md in this folder defines the fields.
#ifndef TILESCALE_CC_RUNTIME_SIGNATURE_H_
#define TILESCALE_CC_RUNTIME_SIGNATURE_H_

#include <dlpack/dlpack.h>

#include <cstdint>
#include <string>
#include <vector>

namespace tilescale::runtime {

// An integer of a signature: a constant, a symbol's value, or a derived expression's.
struct Dim {
  enum class Kind : uint8_t { kConst, kSymbol, kExpr };
  Kind kind = Kind::kConst;
  bool binds = false;  // This occurrence gives the symbol its value.
  int64_t value = 0;   // The constant, or the index of the symbol or expression.
};

enum class ParamKind : uint8_t { kTensor, kScalar, kPointer };
// Inputs are passed by the caller (also those that the kernel writes to), outputs are made by the
// runtime and returned, workspaces are made for one call.
enum class Role : uint8_t { kInput, kOutput, kWorkspace };

struct Param {
  ParamKind kind = ParamKind::kTensor;
  std::string name;
  DLDataType dtype{};
  std::string dtype_name;

  // Tensors only.
  std::vector<Dim> shape;
  std::vector<Dim> strides;  // In elements; empty with `contiguous`.
  bool contiguous = true;
  bool has_expr = false;  // A dimension or stride is a derived expression.
  Role role = Role::kInput;
  bool written = false;          // The kernel writes to it.
  int64_t alignment = 1;         // Bytes.
  int64_t vector_alignment = 1;  // Bytes; for less a variant of the kernel runs.

  int64_t symbol = -1;  // Scalars: the symbol that takes this value, or -1.
  int64_t slot = 0;     // Index in `slots`.

  bool passed() const { return role == Role::kInput; }
};

// Where a symbol gets its value.
struct SymbolSite {
  int64_t param = -1;
  int64_t dim = 0;
  bool stride = false;
};

// A symbol that is expected to be a multiple; otherwise a variant of the kernel runs.
struct DivisibleSymbol {
  int64_t symbol = 0;
  int64_t multiple = 1;  // A power of two.
};

struct Signature {
  std::string name;
  std::vector<Param> params;
  std::vector<std::string> symbols;
  std::vector<int64_t> symbol_bits;  // Empty, or the width of each symbol in the kernel.
  int64_t num_exprs = 0;
  std::vector<std::string> expr_text;  // Empty, or one text for each expression.
  std::vector<Dim> grid;               // x first.
  bool parallel = true;
  bool cuda = false;  // The kernel runs on a CUDA device, and so live its tensors.
  std::vector<std::string> expr_programs;  // CUDA kernels: the expressions; see exprs.h.
  std::vector<int64_t> index32_limit;
  std::vector<DivisibleSymbol> divisible;
  std::vector<int64_t> returns;
  bool returns_tuple = false;  // Also a single output comes back in a tuple.

  // Set by `Finalize`.
  std::vector<SymbolSite> symbol_sites;
  int64_t num_passed = 0;
  int64_t symbol_slot = 0;  // Slot of the first symbol; expressions follow the symbols.
  int64_t expr_slot = 0;
  int64_t num_slots = 0;

  // Derives the fields above, and checks the rest. Returns an empty string or what is wrong.
  std::string Finalize();

  // Text of a dimension: its number, its symbol's name, or its expression.
  std::string DimText(const Dim& dim) const;
  std::string ShapeText(const std::vector<Dim>& dims) const;
};

}  // namespace tilescale::runtime

#endif  // TILESCALE_CC_RUNTIME_SIGNATURE_H_
