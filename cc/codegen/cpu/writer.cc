#include "cc/codegen/cpu/writer.h"

#include <cmath>
#include <set>

#include "cc/codegen/common/call_emitter.h"
#include "cc/pass/exact.h"

namespace tilescale::codegen::cpu {
namespace {

using lower::PlantedBug;

const std::set<std::string>& ReservedNames() {
  static const std::set<std::string> names = {
      "auto",     "break",   "case",   "char",     "const",    "continue", "default",  "do",
      "double",   "else",    "enum",   "extern",   "float",    "for",      "goto",     "if",
      "inline",   "int",     "long",   "register", "restrict", "return",   "short",    "signed",
      "sizeof",   "static",  "struct", "switch",   "typedef",  "union",    "unsigned", "void",
      "volatile", "while",   "slots",  "ctx",      "begin",    "end",      "scratch",  "exprs",
      "symbols",  "asm",     "typeof", "main",     "y0",       "y1",       "yn",       "j0",
      "j1",       "jn",      "gamma",  "exp",      "log",      "sin",      "cos",      "tan",
      "pow",      "sqrt",    "floor",  "ceil",     "round",    "trunc",    "erf",      "linux",
      "unix",     "signgam", "NAN",    "INFINITY", "div",      "abs",      "fabs",     "fmod",
  };
  return names;
}

}  // namespace

Writer::Writer(const lower::Context& context, Offsets scratch)
    : codegen::Writer(context, ReservedNames(), "scratch", std::move(scratch)) {}

bool RegisterCallEmitter(const std::string& intrinsic, CallEmitter emit) {
  return codegen::RegisterCallEmitter(Target::kCpu, intrinsic,
                                      [emit](codegen::Writer* w, const ir::CallObj* call) {
                                        return emit(static_cast<Writer*>(w), call);
                                      });
}

std::string Writer::Call(const ir::CallObj* call) { return EmitCall(Target::kCpu, this, call); }

// fp8, bool and packed int4 are bytes, float16 and bfloat16 are uint16_t.
std::string Writer::StorageType(ir::DType t) {
  if (ir::dtype::IsHandle(t)) return "void*";
  if (ir::dtype::IsBool(t) || IsPacked(t)) return "uint8_t";
  if (IsNarrowFloat(t)) return "uint" + std::to_string(t.bits) + "_t";
  return ValueType(t);
}

std::string Writer::ValueType(ir::DType t) {
  if (ir::dtype::IsHandle(t)) return "void*";
  if (ir::dtype::IsBool(t)) return "_Bool";
  if (ir::dtype::IsFloat(t)) return t.bits == 64 ? "double" : "float";
  std::string bits = std::to_string(IsPacked(t) ? 8 : t.bits);
  return (ir::dtype::IsInt(t) ? "int" : "uint") + bits + "_t";
}

std::string Writer::Cast(const std::string& type, const std::string& x) {
  return "(" + type + ")" + x;
}

std::string Writer::PointerCast(const std::string& type, const std::string& x) {
  return "(" + type + "*)" + x;
}

std::string Writer::FloatToInt(const std::string& x, ir::DType from, ir::DType to) {
  std::string helper = (from.bits == 64 ? "ts_f64_to_" : "ts_f32_to_") + Suffix(to);
  return Use(helper) + "(" + x + ")";
}

std::string Writer::NonFinite(bool nan, bool is_double) {
  std::string f = is_double ? "" : "f";
  return nan ? "__builtin_nan" + f + "(\"\")" : "__builtin_inf" + f + "()";
}

std::string Writer::Array(const std::string& type, const std::string& name, int64_t count) {
  return type + " " + name + "[" + std::to_string(count) + "] __attribute__((aligned(64)))";
}

std::string Writer::Scalar(const std::string& type, const std::string& name) {
  return type + " " + name + " = 0";
}

std::string Writer::Function(const std::string& name, ir::DType t,
                             const std::vector<std::string>& arguments) {
  std::string text = Use("ts_" + name + "_" + Suffix(t)) + "(";
  for (size_t i = 0; i < arguments.size(); ++i) text += (i == 0 ? "" : ", ") + arguments[i];
  return text + ")";
}

std::string Writer::Round(const std::string& x, ir::DType from, ir::DType to) {
  std::string value = x;
  if (from == ir::dtype::Float(64)) value = Use("ts_odd_f32") + "(" + x + ")";
  std::string helper = "ts_round_" + Suffix(to);
  if (to.bits == 16 && context().Has(PlantedBug::kCastTruncates)) helper += "_truncating";
  return Use(helper) + "(" + value + ")";
}

std::vector<ir::Expr> Writer::Strides(const ir::Buffer& buffer) {
  if (!context().Has(PlantedBug::kStrideIgnored)) return pass::ExactStrides(buffer);
  return pass::ExactStrides(
      ir::Buffer(buffer->name, buffer->dtype, buffer->shape, {}, buffer->scope));
}

std::string Writer::LoadAt(const ir::Buffer& buffer, const std::string& offset) {
  ir::DType t = buffer->dtype;
  std::string name = Name(buffer);
  if (IsPacked(t)) return Use("ts_load_" + Suffix(t)) + "(" + name + ", " + offset + ")";
  std::string element = name + "[" + offset + "]";
  if (IsNarrowFloat(t)) return Use("ts_load_" + Suffix(t)) + "(" + element + ")";
  return element;
}

int Writer::AddSite(const std::string& message) {
  sites_.push_back({message, span()});
  return static_cast<int>(sites_.size());
}

// A narrow floating value that is only moved, as its stored bits: no conversion there and back.
std::optional<std::string> Writer::StoredBits(const ir::Expr& e) {
  if (!IsNarrowFloat(e.dtype())) return std::nullopt;
  if (const auto* load = e.as<ir::LoadObj>()) {
    if (load->buffer.IsScope(ir::scope::kVar)) return std::nullopt;
    return Name(load->buffer) + "[" + Offset(load->buffer, load->indices) + "]";
  }
  const auto* imm = e.as<ir::FloatImmObj>();
  if (imm && imm->value == 0 && !std::signbit(imm->value)) return "0";
  const auto* select = e.as<ir::SelectObj>();
  if (!select) return std::nullopt;
  auto a = StoredBits(select->a), b = StoredBits(select->b);
  if (!a || !b) return std::nullopt;
  return "(" + Expr(select->cond) + " ? " + *a + " : " + *b + ")";
}

void Writer::StoreAt(const ir::StoreObj* store, const std::string& offset) {
  const ir::Buffer& buffer = store->buffer;
  ir::DType t = buffer->dtype;
  std::string element = Name(buffer) + "[" + offset + "]";
  if (auto bits = StoredBits(store->value)) return Line(element + " = " + *bits + ";");
  std::string value = Convert(Expr(store->value), store->value.dtype(), t);
  if (IsPacked(t)) {
    return Line(Use("ts_store_" + Suffix(t)) + "(" + Name(buffer) + ", " + offset + ", " + value +
                ");");
  }
  if (IsNarrowFloat(t)) {
    // Rounding a value for the operation that computed it and again for the store is one rounding.
    std::string round = "ts_round_" + Suffix(t) + "(";
    std::string call = Use("ts_store_" + Suffix(t)) + "(";
    bool rounds = value.rfind(round, 0) == 0 && MatchesWholeCall(value, round.size() - 1);
    value = rounds ? call + value.substr(round.size()) : call + value + ")";
  }
  Line(element + " = " + value + ";");
}

void Writer::LoopHints(const ir::ForObj* loop) {
  if (loop->attrs.count("independent")) Line(Use("TS_INDEPENDENT"));
  auto reduction = loop->attrs.find("reduction");
  if (reduction != loop->attrs.end()) {
    auto acc = loop->attrs.at("accumulator").cast<ir::Buffer>();
    Line("_Pragma(\"omp simd reduction(" + (*reduction).second.cast<std::string>() + ":" +
         Name(acc) + ")\")");
  }
  const int64_t* count = ir::AsConstInt(loop->extent);
  bool unrolls = loop->kind == ir::ForKind::kUnroll && count && *count > 0 && *count <= 64;
  auto factor = loop->attrs.find("unroll_factor");
  const int64_t times = factor != loop->attrs.end() ? (*factor).second.cast<int64_t>()
                        : unrolls                   ? *count
                                                    : 0;
  if (times > 0) Line("_Pragma(\"GCC unroll " + std::to_string(times) + "\")");
}

}  // namespace tilescale::codegen::cpu
