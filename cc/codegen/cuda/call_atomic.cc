// Atomic operations as CUDA C++: the instruction of the type where there is one, else a loop that
// compares and exchanges.
#include "cc/codegen/cuda/writer.h"
#include "cc/ir/span.h"
#include "cc/support/diagnostic.h"

namespace tilescale::codegen::cuda {
namespace {

const ir::AddressOfObj* Target(const ir::CallObj* call) {
  const auto* address = ir::Call::Arg(call, 0).as<ir::AddressOfObj>();
  TILESCALE_CHECK(address, call->op << " needs the address of an element");
  return address;
}

void CheckType(const Writer& w, ir::DType t) {
  if (!IsPacked(t)) return;
  support::UserError("AtomicDTypeError")
      .Message("atomic operations need elements of whole bytes")
      .Expected("a type of at least 8 bits")
      .Got(ir::dtype::Name(t))
      .Remedy("use int8 for elements that are updated atomically")
      .At(ir::ToLocation(w.span()))
      .Throw();
}

bool IsTotal(const ir::CallObj* call) { return Attr(call, "memory_order", "relaxed") == "seq_cst"; }

std::string Order(const ir::CallObj* call) {
  std::string order = Attr(call, "memory_order", "relaxed");
  bool load = call->op == "atomic_load", store = call->op == "atomic_store";
  if (order == "relaxed") return "ts::Order::kRelaxed";
  if (order == "acquire" || order == "consume" || load) return "ts::Order::kAcquire";
  return order == "release" || store ? "ts::Order::kRelease" : "ts::Order::kAcqRel";
}

// Shared memory is the block's own.
std::string Parameters(const ir::CallObj* call, const ir::Buffer& buffer) {
  bool own = buffer.IsScope(ir::scope::kShared);
  return "<" + Order(call) + ", ts::Scope::" + (own ? "kCta" : "kGpu") + ">";
}

// 64-bit integers by the names that the overloads have.
std::string NativeType(Writer* w, ir::DType t) {
  if (t.bits != 64 || ir::dtype::IsFloat(t)) return w->StorageType(t);
  return ir::dtype::IsInt(t) ? "long long" : "unsigned long long";
}

bool HasInstruction(const std::string& kind, ir::DType t) {
  if (ir::dtype::IsBool(t)) return false;
  bool moves = kind == "load" || kind == "store";
  if (ir::dtype::IsFloat(t))
    return t.bits >= 32 ? moves || kind == "add" : t.bits == 16 && kind == "add";
  return t.bits >= 32;
}

// The new value from `old` and `x`, both of the value type.
std::string Change(Writer* w, const std::string& kind, ir::DType t) {
  ir::DType c = IsNarrowFloat(t) ? ir::dtype::Float(32) : t;
  if (kind == "load") return "old";
  if (kind == "store" || kind == "exch") return "x";
  if (kind == "add") return ir::dtype::IsBool(t) ? "old || x" : "old + x";
  if (kind == "or") return "old | x";
  if (kind == "and") return "old & x";
  if (kind == "xor") return "old ^ x";
  if (ir::dtype::IsBool(t)) return kind == "max" ? "old || x" : "old && x";
  return w->Function(kind, c, {"old", "x"});
}

std::string Native(Writer* w, const ir::CallObj* call, const std::string& kind,
                   const std::string& value) {
  const auto* target = Target(call);
  const ir::DType t = target->buffer->dtype;
  std::string type = NativeType(w, t);
  std::string pointer = w->Address(target->buffer, target->indices);
  if (type != w->StorageType(t)) pointer = w->PointerCast(type, pointer);
  std::string name = kind == "exch" ? "exchange" : kind;
  std::string text = "ts::ptx::atomic_" + name + Parameters(call, target->buffer) + "(" + pointer;
  if (kind != "load") text += ", static_cast<" + type + ">(" + value + ")";
  return text + ")";
}

std::string Loop(Writer* w, const ir::CallObj* call, const std::string& kind,
                 const std::string& value) {
  const auto* target = Target(call);
  const ir::DType t = target->buffer->dtype;
  std::string storage = w->StorageType(t), type = w->ValueType(t);
  std::string function = t.bits <= 8 ? w->Use("atomic_byte") : "ts::atomic_update";
  std::string given = ir::dtype::IsBool(t) ? "bool(stored)" : type + "(stored)";
  std::string place = w->Address(target->buffer, target->indices);
  if (t.bits <= 8) place += ", " + w->Name(target->buffer) + ", " + w->Bytes(target->buffer);
  std::string text = function + Parameters(call, target->buffer) + "(" + place + ", [x = " + type +
                     "(" + (kind == "load" ? "0" : value) + ")](" + storage + " stored) { const " +
                     type + " old = " + given + "; (void)x; (void)old; return " + storage + "(" +
                     Change(w, kind, t) + "); })";
  return text;
}

void Register(const std::string& kind) {
  RegisterCallEmitter("atomic_" + kind, [kind](Writer* w, const ir::CallObj* call) {
    const ir::DType t = Target(call)->buffer->dtype;
    CheckType(*w, t);
    std::string value;
    if (kind != "load") {
      ir::Expr operand = ir::Call::Arg(call, 1);
      value = w->Convert(w->Expr(operand), operand.dtype(), t);
    }
    std::string text =
        HasInstruction(kind, t) ? Native(w, call, kind, value) : Loop(w, call, kind, value);
    if (IsTotal(call)) text = "(ts::ptx::fence_sc_gpu(), " + text + ")";
    if (kind == "store") return text;
    if (ir::dtype::IsBool(t)) return "(" + text + " != 0)";
    if (IsNarrowFloat(t)) text = "float(" + text + ")";
    return w->Convert(text, t, call->dtype);
  });
}

// Neighbours in one instruction, from an array of registers; the old values are not asked for.
std::string EmitAddVector(Writer* w, const ir::CallObj* call) {
  const ir::Buffer& buffer = Target(call)->buffer;
  const int64_t bytes = call->attrs.at("bytes").cast<int64_t>();
  const bool own = buffer.IsScope(ir::scope::kShared);
  return "ts::ptx::red_add<" + std::to_string(bytes / ir::dtype::Bytes(buffer->dtype)) +
         ", ts::Scope::" + (own ? "kCta" : "kGpu") + ">(" + Arg(w, call, 0) + ", " +
         Arg(w, call, 1) + ")";
}

bool RegisterAll() {
  RegisterCallEmitter("cuda.atomic_add_vector", EmitAddVector);
  for (const char* kind : {"add", "max", "min", "or", "and", "xor", "exch", "load", "store"}) {
    Register(kind);
  }
  return true;
}

[[maybe_unused]] const bool kRegistered = RegisterAll();

}  // namespace
}  // namespace tilescale::codegen::cuda
