// Checks the arguments of one call against the signature and fills the slots.
#ifndef TILESCALE_CC_RUNTIME_BINDER_H_
#define TILESCALE_CC_RUNTIME_BINDER_H_

#include <dlpack/dlpack.h>

#include <cstdint>
#include <string>

#include "cc/runtime/exprs.h"
#include "cc/runtime/kernel_abi.h"
#include "cc/runtime/signature.h"

namespace tilescale::runtime {

// A tensor argument, whatever it came from. Points into memory owned by the argument.
struct TensorView {
  void* data = nullptr;
  int64_t rank = 0;
  const int64_t* shape = nullptr;
  const int64_t* strides = nullptr;  // In units of `stride_bytes` bytes; null: contiguous.
  int64_t stride_bytes = 1;
  DLDataType dtype{};
  DLDevice device{kDLCPU, 0};
  bool readonly = false;
};

enum class BindErrorKind {
  kNone,
  kDType,
  kRank,
  kShape,
  kStride,
  kAlignment,
  kDevice,
  kReadOnly,
  kRange,
  kExpression,
};

// What is wrong with an argument, in the words that the user sees.
struct BindError {
  BindErrorKind kind = BindErrorKind::kNone;
  int64_t param = -1;  // Index of the parameter, or -1.
  std::string message;
  std::string expected;
  std::string got;
  std::string remedy;
};

// A kernel may be compiled again for arguments that break its assumptions. Bits of the variant's
// number; cc/runtime/README.md describes them.
inline constexpr int64_t kWideVariant = 1;
// Tensors start at multiples of 16, 8, 4, or fewer bytes: 1, 2, 3 or 4 times this.
inline constexpr int64_t kAlignmentVariant = 2;
// Sizes are no multiples: 5 times `kAlignmentVariant`, which has no tensors aligned less.
inline constexpr int64_t kSizesVariant = 5 * kAlignmentVariant;
inline constexpr int64_t kNumVariants = kSizesVariant + 2;

// Use: bind every passed argument in order, then `Derive`, then place the allocated tensors. All
// functions that return bool return false after they have filled `error`.
class Binder {
 public:
  // `slots` holds `signature.num_slots` elements and `views` one for each parameter.
  Binder(const Signature& signature, const Exprs& exprs, ts_slot* slots, TensorView* views)
      : signature_(signature), exprs_(exprs), slots_(slots), views_(views) {}

  // Binds the tensor in `views[param]`.
  bool BindTensor(int64_t param);
  // Binds the value already stored in the slot of an integer scalar.
  void BindScalar(int64_t param);
  // Evaluates the derived expressions and checks the dimensions that depend on them.
  bool Derive();

  int64_t Value(const Dim& dim) const;
  // Number of tiles: the product of the grid's extents, 0 if one is below 1.
  bool CountTiles(int64_t* tiles);
  // Number of the device that holds the tensors bound so far, -1 if there is none or it is the CPU.
  int32_t device_id() const { return device_id_; }
  // True if a tensor on `device` can be an argument.
  bool IsOnDevice(DLDevice device) const;
  // True if an element count is too large for 32-bit indices.
  bool NeedsWideIndex() const;
  // True if each symbol that is expected to be a multiple is one.
  bool SizesDivide() const;
  // Which of the kernel's variants runs: 0 for the kernel itself.
  int64_t Variant() const;
  // Checks the address of a tensor or pointer against what a kernel needs of the parameter.
  bool CheckAlignment(int64_t index, const Param& param);
  // Notes the address of a pointer or tensor, for what vectors of a kernel need of the parameter.
  void NoteAddress(int64_t index, const Param& param);

  const BindError& error() const { return error_; }

 private:
  int64_t Extent(const Param& param, const TensorView& view, int64_t d) const;
  bool CheckBasics(int64_t index);
  bool CheckDevice(int64_t index);
  bool MatchShape(int64_t index, bool derived);
  bool MatchStrides(int64_t index, bool derived);
  bool CheckContiguous(int64_t index);
  // Gives a symbol the value of the dimension `d`, or of its stride.
  bool BindSymbol(int64_t symbol, int64_t value, int64_t index, int64_t d);
  bool Fail(BindErrorKind kind, int64_t param, std::string expected, std::string got,
            std::string remedy = "");
  bool FailShape(int64_t index, int64_t d);
  bool FailStride(int64_t index, int64_t d);
  std::string ViewShapeText(int64_t index) const;
  std::string ViewStridesText(int64_t index) const;
  std::string KnownValues(const std::vector<Dim>& dims) const;

  const Signature& signature_;
  const Exprs& exprs_;
  ts_slot* slots_;
  TensorView* views_;
  int32_t device_id_ = -1;
  uint64_t low_bits_ = 0;  // Of all addresses that are less aligned than vectors need.
  bool derived_ = false;   // The expressions have their values.
  BindError error_;
};

}  // namespace tilescale::runtime

#endif  // TILESCALE_CC_RUNTIME_BINDER_H_
