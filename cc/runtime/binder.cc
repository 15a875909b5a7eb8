#include "cc/runtime/binder.h"

#include <limits>

#include "cc/runtime/dtype.h"

namespace tilescale::runtime {
namespace {

// True if a tensor with elements of type `got` may stand for a parameter of type `want`. Packed
// types are stored in bytes, or, as torch's float4_e2m1fn_x2, in pairs.
bool Storable(DLDataType want, DLDataType got) {
  if (SameDType(want, got)) return true;
  const int64_t packed = ElementsPerByte(want);
  if (packed == 1) return false;
  if (got.code == want.code && got.bits == want.bits) return got.lanes == packed;
  return (got.code == kDLInt || got.code == kDLUInt) && got.bits == 8 && got.lanes == 1;
}

std::string DeviceName(DLDevice device) {
  switch (device.device_type) {
    case kDLCPU:
      return "cpu";
    case kDLCUDA:
    case kDLCUDAManaged:
      return "cuda:" + std::to_string(device.device_id);
    case kDLROCM:
      return "rocm:" + std::to_string(device.device_id);
    case kDLMetal:
      return "metal:" + std::to_string(device.device_id);
    default:
      return "DLPack device type " + std::to_string(static_cast<int>(device.device_type));
  }
}

// Host memory that CUDA has pinned is ordinary memory to the CPU.
bool OnCpu(DLDevice device) {
  return device.device_type == kDLCPU || device.device_type == kDLCUDAHost;
}

std::string StorageText(const Param& param) {
  if (ElementsPerByte(param.dtype) == 1) return param.dtype_name;
  return param.dtype_name + ", packed in int8 or uint8";
}

}  // namespace

int64_t Binder::Value(const Dim& dim) const {
  switch (dim.kind) {
    case Dim::Kind::kConst:
      return dim.value;
    case Dim::Kind::kSymbol:
      return slots_[signature_.symbol_slot + dim.value].i;
    default:
      return slots_[signature_.expr_slot + dim.value].i;
  }
}

int64_t Binder::Extent(const Param& param, const TensorView& view, int64_t d) const {
  if (d + 1 < view.rank) return view.shape[d];
  return view.shape[d] * ElementsPerByte(param.dtype);
}

bool Binder::BindTensor(int64_t index) {
  if (!CheckBasics(index)) return false;
  slots_[signature_.params[index].slot].p = views_[index].data;
  if (!CheckAlignment(index, signature_.params[index])) return false;
  if (!MatchShape(index, false) || !MatchStrides(index, false)) return false;
  NoteAddress(index, signature_.params[index]);
  return true;
}

void Binder::NoteAddress(int64_t index, const Param& param) {
  const auto address = reinterpret_cast<uintptr_t>(slots_[signature_.params[index].slot].p);
  if (address % static_cast<uint64_t>(param.vector_alignment) != 0) low_bits_ |= address;
}

int64_t Binder::Variant() const {
  const int64_t wide = NeedsWideIndex() ? kWideVariant : 0;
  int64_t less = 0;
  for (uint64_t bytes : {32, 16, 8, 4}) less += low_bits_ % bytes != 0;
  if (less == 0 && !SizesDivide()) return wide + kSizesVariant;
  return wide + less * kAlignmentVariant;
}

bool Binder::SizesDivide() const {
  const ts_slot* symbols = slots_ + signature_.symbol_slot;
  for (const DivisibleSymbol& size : signature_.divisible) {
    if ((symbols[size.symbol].i & (size.multiple - 1)) != 0) return false;
  }
  return true;
}

bool Binder::CheckAlignment(int64_t index, const Param& param) {
  const auto address = reinterpret_cast<uintptr_t>(slots_[signature_.params[index].slot].p);
  const uint64_t off = address % static_cast<uint64_t>(param.alignment);
  if (off == 0) return true;
  return Fail(BindErrorKind::kAlignment, index,
              "a data pointer that is a multiple of " + std::to_string(param.alignment) + " bytes",
              std::to_string(off) + " bytes past such an address", "pass a copy");
}

bool Binder::IsOnDevice(DLDevice device) const {
  if (!signature_.cuda) return OnCpu(device);
  if (device.device_type != kDLCUDA && device.device_type != kDLCUDAManaged) return false;
  return device_id_ < 0 || device.device_id == device_id_;
}

bool Binder::CheckDevice(int64_t index) {
  const DLDevice device = views_[index].device;
  if (!IsOnDevice(device)) {
    const bool first = device_id_ < 0;
    const std::string cuda = first ? "a CUDA device" : DeviceName({kDLCUDA, device_id_});
    return Fail(BindErrorKind::kDevice, index, signature_.cuda ? cuda : "cpu", DeviceName(device),
                signature_.cuda
                    ? (first ? "copy the tensor to the GPU: `x.cuda()`"
                             : "put all tensors of a call on the same device")
                    : "copy the tensor to the CPU, or compile the kernel for its device");
  }
  if (signature_.cuda) device_id_ = device.device_id;
  return true;
}

bool Binder::CheckBasics(int64_t index) {
  const Param& param = signature_.params[index];
  const TensorView& view = views_[index];
  if (!CheckDevice(index)) return false;
  if (!Storable(param.dtype, view.dtype)) {
    return Fail(BindErrorKind::kDType, index, StorageText(param), DTypeName(view.dtype),
                "convert the argument, or declare the parameter with its dtype");
  }
  if (view.rank != static_cast<int64_t>(param.shape.size())) {
    return Fail(
        BindErrorKind::kRank, index,
        std::to_string(param.shape.size()) + " dimensions: " + signature_.ShapeText(param.shape),
        std::to_string(view.rank) + " dimensions: " + ViewShapeText(index));
  }
  if (param.written && view.readonly) {
    return Fail(BindErrorKind::kReadOnly, index, "a writable tensor", "a read-only tensor",
                "pass a copy");
  }
  return true;
}

// With `derived`, checks the dimensions that are expressions; without, binds or checks all others.
bool Binder::MatchShape(int64_t index, bool derived) {
  const Param& param = signature_.params[index];
  const TensorView& view = views_[index];
  for (int64_t d = 0; d < view.rank; ++d) {
    const Dim& dim = param.shape[d];
    if ((dim.kind == Dim::Kind::kExpr) != derived) continue;
    const int64_t extent = Extent(param, view, d);
    if (dim.binds) {
      if (!BindSymbol(dim.value, extent, index, d)) return false;
    } else if (Value(dim) != extent) {
      return FailShape(index, d);
    }
  }
  return true;
}

bool Binder::MatchStrides(int64_t index, bool derived) {
  const Param& param = signature_.params[index];
  const TensorView& view = views_[index];
  if (param.contiguous) return derived || CheckContiguous(index);
  bool empty = false;
  for (int64_t d = 0; d < view.rank; ++d) empty |= view.shape[d] == 0;
  const int64_t item = StorageBytes(param.dtype);
  int64_t contiguous = 1;
  for (int64_t d = view.rank - 1; d >= 0; --d) {
    const Dim& dim = param.strides[d];
    const int64_t bytes = view.strides ? view.strides[d] * view.stride_bytes : contiguous * item;
    contiguous *= view.shape[d];
    if ((dim.kind == Dim::Kind::kExpr) != derived) continue;
    const bool free = empty || view.shape[d] == 1;
    if (dim.binds && free) slots_[signature_.symbol_slot + dim.value].i = bytes / item;
    if (dim.binds && !free && !BindSymbol(dim.value, bytes / item, index, d)) return false;
    if (!free && (bytes % item != 0 || Value(dim) != bytes / item)) return FailStride(index, d);
  }
  return true;
}

bool Binder::BindSymbol(int64_t symbol, int64_t value, int64_t index, int64_t d) {
  slots_[signature_.symbol_slot + symbol].i = value;
  const bool narrow = !signature_.symbol_bits.empty() && signature_.symbol_bits[symbol] <= 32;
  if (!narrow || value == static_cast<int32_t>(value)) return true;
  const std::string& name = signature_.symbols[symbol];
  Fail(BindErrorKind::kRange, index, "`" + name + "` of 32 bits: at most 2147483647",
       std::to_string(value) + " in dimension " + std::to_string(d),
       "declare it with 64 bits: T.dynamic(\"" + name + "\", \"int64\")");
  return false;
}

bool Binder::CheckContiguous(int64_t index) {
  const TensorView& view = views_[index];
  if (view.strides == nullptr) return true;
  int64_t expected = StorageBytes(signature_.params[index].dtype);
  int64_t wrong = -1;
  for (int64_t d = view.rank - 1; d >= 0; --d) {
    const int64_t extent = view.shape[d];
    if (extent == 0) return true;
    if (extent != 1 && view.strides[d] * view.stride_bytes != expected) wrong = d;
    expected *= extent;
  }
  return wrong < 0 || FailStride(index, wrong);
}

void Binder::BindScalar(int64_t index) {
  const Param& param = signature_.params[index];
  if (param.symbol < 0) return;
  const SymbolSite& site = signature_.symbol_sites[param.symbol];
  if (site.param == index) slots_[signature_.symbol_slot + param.symbol] = slots_[param.slot];
}

bool Binder::Derive() {
  for (size_t i = 0; i < signature_.params.size(); ++i) {
    const Param& param = signature_.params[i];
    if (param.symbol < 0 || !param.passed()) continue;
    const Dim dim{Dim::Kind::kSymbol, false, param.symbol};
    if (Value(dim) == slots_[param.slot].i) continue;
    return Fail(BindErrorKind::kShape, static_cast<int64_t>(i), std::to_string(Value(dim)),
                std::to_string(slots_[param.slot].i));
  }
  if (signature_.num_exprs == 0) return true;
  ts_slot* symbols = slots_ + signature_.symbol_slot;
  ts_slot* exprs = slots_ + signature_.expr_slot;
  const int32_t bad = exprs_.Evaluate(&symbols->i, &exprs->i);
  if (bad != 0) {
    const Dim dim{Dim::Kind::kExpr, false, bad - 1};
    return Fail(BindErrorKind::kExpression, -1, "a defined value of " + signature_.DimText(dim),
                "a division by zero or an overflow");
  }
  derived_ = true;
  for (size_t i = 0; i < signature_.params.size(); ++i) {
    const Param& param = signature_.params[i];
    if (!param.has_expr || !param.passed()) continue;
    const int64_t index = static_cast<int64_t>(i);
    if (!MatchShape(index, true) || !MatchStrides(index, true)) return false;
  }
  return true;
}

bool Binder::CountTiles(int64_t* tiles) {
  int64_t count = 1;
  bool overflow = false, empty = false;
  for (const Dim& dim : signature_.grid) {
    empty |= Value(dim) < 1;
    overflow |= __builtin_mul_overflow(count, Value(dim), &count);
  }
  *tiles = empty ? 0 : count;
  if (empty || !overflow) return true;
  return Fail(BindErrorKind::kRange, -1, "a grid of less than 2**63 tiles",
              signature_.ShapeText(signature_.grid) + KnownValues(signature_.grid));
}

bool Binder::NeedsWideIndex() const {
  for (int64_t index : signature_.index32_limit) {
    if (slots_[signature_.expr_slot + index].i > std::numeric_limits<int32_t>::max()) return true;
  }
  return false;
}

bool Binder::Fail(BindErrorKind kind, int64_t param, std::string expected, std::string got,
                  std::string remedy) {
  error_ = {kind, param, "", std::move(expected), std::move(got), std::move(remedy)};
  return false;
}

bool Binder::FailShape(int64_t index, int64_t d) {
  const Param& param = signature_.params[index];
  const int64_t packed = ElementsPerByte(param.dtype);
  std::string expected = signature_.ShapeText(param.shape) + KnownValues(param.shape);
  if (packed > 1) expected += ", " + std::to_string(packed) + " elements in a byte";
  Fail(BindErrorKind::kShape, index, expected, ViewShapeText(index));
  error_.message = "dimension " + std::to_string(d) + " is " +
                   std::to_string(Extent(param, views_[index], d)) + ", not " +
                   std::to_string(Value(param.shape[d]));
  return false;
}

bool Binder::FailStride(int64_t index, int64_t d) {
  const Param& param = signature_.params[index];
  std::string expected = "row-major contiguous";
  if (!param.contiguous) {
    expected = "strides " + signature_.ShapeText(param.strides) + KnownValues(param.strides);
  }
  Fail(BindErrorKind::kStride, index, expected,
       "strides " + ViewStridesText(index) + " for shape " + ViewShapeText(index),
       param.contiguous ? "pass a contiguous copy, or declare the parameter as T.StridedTensor"
                        : "");
  error_.message = "dimension " + std::to_string(d) + " has the wrong stride";
  return false;
}

std::string Binder::ViewShapeText(int64_t index) const {
  const TensorView& view = views_[index];
  std::string text = "(";
  for (int64_t d = 0; d < view.rank; ++d) text += (d ? ", " : "") + std::to_string(view.shape[d]);
  return text + (view.rank == 1 ? ",)" : ")");
}

std::string Binder::ViewStridesText(int64_t index) const {
  const TensorView& view = views_[index];
  const int64_t item = StorageBytes(view.dtype);
  std::string text = "(";
  for (int64_t d = 0; d < view.rank; ++d) {
    const int64_t bytes = view.strides[d] * view.stride_bytes;
    const std::string exact = std::to_string(bytes / item);
    text += (d ? ", " : "") + (bytes % item ? std::to_string(bytes) + " bytes" : exact);
  }
  return text + (view.rank == 1 ? ",)" : ")");
}

// " with N = 32 (dimension 0 of `A`)" for the symbols and expressions among `dims`.
std::string Binder::KnownValues(const std::vector<Dim>& dims) const {
  std::string text;
  for (const Dim& dim : dims) {
    if (dim.kind == Dim::Kind::kConst || dim.binds) continue;
    if (dim.kind == Dim::Kind::kExpr && !derived_) continue;
    text += text.empty() ? " with " : ", ";
    text += signature_.DimText(dim) + " = " + std::to_string(Value(dim));
    if (dim.kind != Dim::Kind::kSymbol) continue;
    const SymbolSite& site = signature_.symbol_sites[dim.value];
    const Param& param = signature_.params[site.param];
    if (param.kind == ParamKind::kScalar) continue;
    text += std::string(site.stride ? " (stride " : " (dimension ") + std::to_string(site.dim) +
            " of `" + param.name + "`)";
  }
  return text;
}

}  // namespace tilescale::runtime
