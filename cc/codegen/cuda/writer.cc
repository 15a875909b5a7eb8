#include "cc/codegen/cuda/writer.h"

#include <cstdlib>
#include <iterator>
#include <sstream>

#include "cc/ir/intrinsic.h"
#include "cc/pass/exact.h"

namespace tilescale::codegen::cuda {
namespace {

// Registers of up to 128 bits at a time.
constexpr const char* kLocalAlignment = "alignas(16) ";
// Loops over the registers of a thread must be unrolled, or they would lie in memory.
constexpr int64_t kMaxUnrolled = 256;

std::set<std::string> Words(const char* text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

const std::set<std::string>& ReservedNames() {
  static const std::set<std::string> names = Words(
      "alignas auto bool break case char class const continue default delete do double else enum "
      "extern false float for friend goto if inline int long namespace new not and or xor "
      "operator private public register return short signed sizeof static struct switch template "
      "this throw true try typedef typename union unsigned using virtual void volatile while "
      "threadIdx blockIdx blockDim gridDim warpSize ts smem asm min_of max_of floordiv floormod "
      "saturate catch protected exp log sin cos pow sqrt floor trunc main abs round tan erf ceil "
      "fmod std y0 y1 yn j0 j1 jn gamma div abs_of truncdiv truncmod odd_float load_i4 load_u4 "
      "set_i4 set_i4_mine printf assert atomic_byte word_around fused_odd NULL nullptr alignof "
      "constexpr decltype noexcept thread_local wchar_t typeid mutable explicit export bitand "
      "bitor compl and_eq or_eq xor_eq not_eq const_cast static_cast dynamic_cast "
      "reinterpret_cast char16_t char32_t static_assert ");
  return names;
}

// What CUDA's headers declare for every kernel and may be a kernel's name, besides reserved names;
// functions with or without an f or l at the end.
const std::set<std::string>& DeclaredNames() {
  static const std::set<std::string> names = Words(
      "acos acosh asin asinh atan atan2 atanh cbrt copysign cosh cospi erfc erfcinv erfcx erfinv "
      "exp10 exp2 expm1 fabs fdim fma fmax fmin frexp hypot ilogb ldexp lgamma llrint llround "
      "log10 log1p log2 logb lrint lround max min modf nan nearbyint nextafter norm norm3d "
      "norm4d normcdf normcdfinv rcbrt remainder remquo rhypot rint rnorm rnorm3d rnorm4d rsqrt "
      "scalbln scalbn sincos sincospi sinh sinpi tanh tgamma isnan isinf isfinite signbit finite "
      "umin umax llmin llmax ullmin ullmax labs llabs half half2 nv_bfloat16 nv_bfloat162 dim3 "
      "size_t clock clock64 malloc free memcpy memset cudaStream_t ");
  return names;
}

bool IsDeclared(const std::string& name) {
  const std::string stem = name.substr(0, name.size() - 1);
  const bool has_suffix = name.size() > 1 && (name.back() == 'f' || name.back() == 'l');
  const auto knows = [](const std::string& n) {
    return DeclaredNames().count(n) || ReservedNames().count(n);
  };
  return knows(name) || (has_suffix && knows(stem));
}

// Without letters that NVRTC does not take, and outside of what is the implementation's or ours.
std::string LegalSymbol(const std::string& name) {
  std::string legal;
  for (char c : name) legal += static_cast<unsigned char>(c) < 128 ? c : '_';
  const bool is_taken = legal.rfind("__", 0) == 0 || legal.rfind("TS_", 0) == 0;
  return is_taken ? "v" + legal : legal;
}

}  // namespace

Writer::Writer(const lower::cuda::Context& context, Offsets shared)
    : codegen::Writer(context, ReservedNames(), "smem", std::move(shared)), cuda_(context) {}

std::string KernelSymbol(const std::string& name) {
  const std::string legal = LegalSymbol(name);
  return legal != name || IsDeclared(name) ? legal + "_kernel" : name;
}

bool RegisterCallEmitter(const std::string& intrinsic, CallEmitter emit) {
  return codegen::RegisterCallEmitter(Target::kCuda, intrinsic,
                                      [emit](codegen::Writer* w, const ir::CallObj* call) {
                                        return emit(static_cast<Writer*>(w), call);
                                      });
}

std::string Writer::Call(const ir::CallObj* call) {
  const ir::Intrinsic* decl = ir::FindIntrinsic(call->op);
  const bool outer = std::exchange(outside_, decl && decl->guards_itself);
  std::string text = EmitCall(Target::kCuda, this, call);
  outside_ = outer;
  return text;
}

std::string Writer::StorageType(ir::DType t) {
  if (ir::dtype::IsHandle(t)) return "void*";
  if (ir::dtype::IsBool(t) || IsPacked(t)) return "uint8_t";
  if (!IsNarrowFloat(t)) return ValueType(t);
  if (t.code == kDLBfloat) return "ts::bfloat16_t";
  if (t.code == kDLFloat8_e4m3fn) return "ts::fp8_e4m3_t";
  if (t.code == kDLFloat8_e5m2) return "ts::fp8_e5m2_t";
  if (t.code == kDLFloat) return "ts::half_t";
  ThrowNotOnTarget(*this, ir::dtype::Name(t));
}

std::string Writer::ValueType(ir::DType t) {
  if (ir::dtype::IsHandle(t)) return "void*";
  if (ir::dtype::IsBool(t)) return "bool";
  if (ir::dtype::IsFloat(t)) return t.bits == 64 ? "double" : "float";
  std::string bits = std::to_string(IsPacked(t) ? 8 : t.bits);
  return (ir::dtype::IsInt(t) ? "int" : "uint") + bits + "_t";
}

std::string Writer::Cast(const std::string& type, const std::string& x) {
  bool wrapped = x.front() == '(' && MatchesWholeCall(x, 0);
  return type + (wrapped ? x : "(" + x + ")");
}

std::string Writer::PointerCast(const std::string& type, const std::string& x) {
  bool wrapped = x.front() == '(' && MatchesWholeCall(x, 0);
  return "reinterpret_cast<" + type + "*>" + (wrapped ? x : "(" + x + ")");
}

// Truncated; the nearest limit outside the type, 0 for NaN.
std::string Writer::FloatToInt(const std::string& x, ir::DType, ir::DType to) {
  return Use("saturate") + "<" + ValueType(to) + ", " + std::to_string(to.bits) + ">(" + x + ")";
}

// The headers of a GPU compiler without a host have no names for these.
std::string Writer::NonFinite(bool nan, bool is_double) {
  std::string bits = is_double ? (nan ? "0x7ff8000000000000ull" : "0x7ff0000000000000ull")
                               : (nan ? "0x7fc00000u" : "0x7f800000u");
  return std::string("ts::bit_cast<") + (is_double ? "double" : "float") + ">(" + bits + ")";
}

std::string Writer::Array(const std::string& type, const std::string& name, int64_t count) {
  return kLocalAlignment + type + " " + name + "[" + std::to_string(count) + "]";
}

std::string Writer::Scalar(const std::string& type, const std::string& name) {
  return type + " " + name;
}

std::string Writer::Function(const std::string& name, ir::DType t,
                             const std::vector<std::string>& arguments) {
  std::string text;
  if (ir::dtype::IsFloat(t)) {
    text = "f" + name + (t.bits == 64 ? "(" : "f(");
  } else {
    text = Use(name) + "<" + ValueType(t) + ">(";
  }
  for (size_t i = 0; i < arguments.size(); ++i) text += (i == 0 ? "" : ", ") + arguments[i];
  return text + ")";
}

std::string Writer::Round(const std::string& x, ir::DType from, ir::DType to) {
  std::string value = from.bits == 64 ? Use("odd_float") + "(" + x + ")" : x;
  return "float(" + Cast(StorageType(to), value) + ")";
}

std::string Writer::LoadAt(const ir::Buffer& buffer, const std::string& offset) {
  ir::DType t = buffer->dtype;
  if (IsPacked(t)) {
    return Use(ir::dtype::IsInt(t) ? "load_i4" : "load_u4") + "(" + Name(buffer) + ", " + offset +
           ")";
  }
  std::string element = Name(buffer) + "[" + offset + "]";
  if (ir::dtype::IsBool(t)) return "(" + element + " != 0)";
  return IsNarrowFloat(t) ? "float(" + element + ")" : element;
}

void Writer::StoreAt(const ir::StoreObj* store, const std::string& offset) {
  const ir::Buffer& buffer = store->buffer;
  ir::DType t = buffer->dtype;
  std::string element = Name(buffer) + "[" + offset + "]";
  // A narrow value that is only moved is not converted there and back.
  const auto* load = store->value.as<ir::LoadObj>();
  if (load && IsNarrowFloat(t) && load->dtype == t && !load->buffer.IsScope(ir::scope::kVar)) {
    return Line(element + " = " + Name(load->buffer) + "[" + Offset(load->buffer, load->indices) +
                "];");
  }
  std::string value = Convert(Expr(store->value), store->value.dtype(), t);
  if (IsPacked(t)) {
    // Other threads may change the other half of a byte that they can see.
    bool mine = !buffer.IsScope(ir::scope::kShared) && !buffer.IsScope(ir::scope::kGlobal);
    std::string array = Name(buffer) + (mine ? "" : ", " + Bytes(buffer));
    return Line(Use(mine ? "set_i4_mine" : "set_i4") + "(" + array + ", " + offset + ", " + value +
                ");");
  }
  // A value that was just rounded is stored as it is.
  bool rounds = IsNarrowFloat(t) && value.rfind("float(" + StorageType(t) + "(", 0) == 0;
  if (rounds && MatchesWholeCall(value, 5)) value = value.substr(6, value.size() - 7);
  Line(element + " = " + value + ";");
}

// Of shared buffers up to the end of the last word, which is theirs.
std::string Writer::Bytes(const ir::Buffer& buffer) {
  const ir::DType wide = ir::dtype::Int(64);
  std::vector<ir::Expr> strides = Strides(buffer);
  ir::Expr elements = ir::MakeInt(wide, 1);
  for (size_t i = 0; i < strides.size(); ++i) {
    ir::Expr last = ir::MakeCast(wide, buffer->shape[i]) - ir::MakeInt(wide, 1);
    elements = elements + last * ir::MakeCast(wide, strides[i]);
  }
  std::string bytes = IsPacked(buffer->dtype) ? "(" + Expr(elements) + " + 1) / 2" : Expr(elements);
  return buffer.IsScope(ir::scope::kShared) ? "(" + bytes + " + 3) / 4 * 4" : bytes;
}

// 32 bits where indices have them and no element lies further away.
ir::DType Writer::OffsetType(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& indices) {
  const ir::DType wide = ir::dtype::Int(64);
  for (const ir::Expr& index : indices) {
    if (index.dtype().bits > 32) return wide;
  }
  std::vector<ir::Expr> strides = Strides(buffer);
  int64_t last = 0;
  bool fixed = true;
  for (size_t i = 0; i < indices.size() && fixed; ++i) {
    const int64_t* extent = ir::AsConstInt(buffer->shape[i]);
    const int64_t* stride = ir::AsConstInt(strides[i]);
    fixed = extent && stride;
    if (!fixed) break;
    if (*extent > INT32_MAX || std::abs(*stride) > INT32_MAX) return wide;
    last += *extent * std::abs(*stride);
    if (last > INT32_MAX) return wide;
  }
  if (fixed) return ir::dtype::Int(32);
  auto parameter = parameters_.find(buffer.get());
  if (cuda_.index_bits > 32 || parameter == parameters_.end()) return wide;
  narrow_.insert(parameter->second);
  // Outside of the tensor nothing is promised, and only unsigned numbers may wrap around.
  return outside_ ? ir::dtype::UInt(32) : ir::dtype::Int(32);
}

ir::Expr Writer::Stride(const ir::Buffer& buffer, size_t dimension, ir::DType type) {
  auto narrow = [&](const ir::Expr& e) {
    const auto* cast = e.as<ir::CastObj>();
    return ir::MakeCast(type, cast && cast->value.as<ir::VarObj>() ? cast->value : e);
  };
  if (type.bits > 32 || !buffer->strides.empty()) return narrow(Strides(buffer)[dimension]);
  // Each product of extents that are not 0 is at most the number of elements.
  ir::Expr stride = ir::MakeInt(type, 1);
  for (size_t i = buffer->shape.size(); --i > dimension;) {
    stride = narrow(pass::Exact64(buffer->shape[i])) * stride;
  }
  return stride;
}

void Writer::LoopHints(const ir::ForObj* loop) {
  const int64_t* count = ir::AsConstInt(loop->extent);
  const bool unrolls = loop->kind == ir::ForKind::kUnroll && count && *count <= kMaxUnrolled;
  auto factor = loop->attrs.find("unroll_factor");
  if (factor != loop->attrs.end()) {
    Line("#pragma unroll " + std::to_string((*factor).second.cast<int64_t>()));
  } else if (unrolls) {
    Line("#pragma unroll");
  }
}

}  // namespace tilescale::codegen::cuda
