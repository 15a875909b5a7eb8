// Intrinsics on memory as C: atomics, random numbers, printing, failing.
#include "cc/codegen/common/call_emitter.h"
#include "cc/codegen/cpu/writer.h"
#include "cc/ir/span.h"
#include "cc/support/diagnostic.h"

namespace tilescale::codegen::cpu {
namespace {

std::string MemoryOrder(const ir::CallObj* call) {
  std::string order = Attr(call, "memory_order", "relaxed");
  if (order == "relaxed") return "__ATOMIC_RELAXED";
  if (order == "acquire" || order == "consume") return "__ATOMIC_ACQUIRE";
  if (order == "release") return "__ATOMIC_RELEASE";
  return order == "acq_rel" ? "__ATOMIC_ACQ_REL" : "__ATOMIC_SEQ_CST";
}

const ir::AddressOfObj* Target(const ir::CallObj* call) {
  const auto* address = ir::Call::Arg(call, 0).as<ir::AddressOfObj>();
  TILESCALE_CHECK(address, call->op << " needs the address of an element");
  return address;
}

// The value operand in the element's type.
std::string Operand(Writer* w, const ir::CallObj* call, ir::DType element) {
  ir::Expr value = ir::Call::Arg(call, 1);
  return w->Convert(w->Expr(value), value.dtype(), element);
}

std::string ElementPointer(Writer* w, const ir::AddressOfObj* target) {
  ir::DType t = target->buffer->dtype;
  if (IsPacked(t)) {
    support::UserError("AtomicDTypeError")
        .Message("atomic operations need elements of whole bytes")
        .Expected("a type of at least 8 bits")
        .Got(ir::dtype::Name(t))
        .Remedy("use int8 for elements that are updated atomically")
        .Throw();
  }
  std::string pointer = w->Address(target->buffer, target->indices);
  return ir::dtype::IsFloat(t) ? "(uint" + std::to_string(t.bits) + "_t*)" + pointer : pointer;
}

std::string AtomicSuffix(ir::DType t) { return ir::dtype::IsBool(t) ? "u8" : Suffix(t); }

bool HasFetch(const std::string& kind, ir::DType t) {
  return ir::dtype::IsIntegral(t) && t.bits >= 8 &&
         (kind == "add" || kind == "or" || kind == "and" || kind == "xor");
}

void RegisterAtomic(const std::string& kind) {
  RegisterCallEmitter("atomic_" + kind, [kind](Writer* w, const ir::CallObj* call) {
    const auto* target = Target(call);
    ir::DType t = target->buffer->dtype;
    std::string pointer = ElementPointer(w, target);
    std::string value = Operand(w, call, t);
    std::string order = MemoryOrder(call);
    std::string old = HasFetch(kind, t) ? "__atomic_fetch_" + kind + "(" + pointer + ", " + value +
                                              ", " + order + ")"
                                        : w->Use("ts_atomic_" + kind + "_" + AtomicSuffix(t)) +
                                              "(" + pointer + ", " + value + ", " + order + ")";
    return w->Convert(old, t, call->dtype);
  });
}

std::string EmitAtomicLoad(Writer* w, const ir::CallObj* call) {
  const auto* target = Target(call);
  ir::DType t = target->buffer->dtype;
  std::string text = w->Use("ts_atomic_load_" + AtomicSuffix(t)) + "(" + ElementPointer(w, target) +
                     ", 0, " + MemoryOrder(call) + ")";
  return w->Convert(text, t, call->dtype);
}

std::string EmitAtomicStore(Writer* w, const ir::CallObj* call) {
  const auto* target = Target(call);
  ir::DType t = target->buffer->dtype;
  return w->Use("ts_atomic_exch_" + AtomicSuffix(t)) + "(" + ElementPointer(w, target) + ", " +
         Operand(w, call, t) + ", " + MemoryOrder(call) + ")";
}

std::string EmitRngInit(Writer* w, const ir::CallObj* call) {
  w->NeedRng();
  w->Use("ts_rng");
  return "ts_rng_init(&ts_random, (uint64_t)" + Arg(w, call, 0) + ", (uint64_t)" + Arg(w, call, 1) +
         ", (uint64_t)" + Arg(w, call, 2) + ")";
}

std::string EmitRngRand(Writer* w, const ir::CallObj* call) {
  w->NeedRng();
  w->Use("ts_rng");
  return w->Convert("ts_rng_rand(&ts_random)", ir::dtype::UInt(32), call->dtype);
}

std::string EmitRngFloat(Writer* w, const ir::CallObj* call) {
  w->NeedRng();
  w->Use("ts_rng_float");
  std::string name = Attr(call, "dist", "uniform") == "normal" ? "normal" : "uniform";
  auto bits = call->attrs.find("bit");
  int64_t width = bits == call->attrs.end() ? 32 : (*bits).second.cast<int64_t>();
  std::string draw =
      "ts_rng_" + name + "(&ts_random, " + std::to_string(width == 64 ? 64 : 32) + ")";
  return w->Convert(draw, ir::dtype::Float(64), call->dtype);
}

std::string EmitFail(Writer* w, const ir::CallObj* call) {
  const auto* text = ir::Call::Arg(call, 0).as<ir::StringImmObj>();
  std::string message(text->value);
  int code = w->AddSite(message);
  return "return " + w->Use("ts_fail") + "(ctx, " + std::to_string(code) + ", \"" +
         EscapeText(message) + "\")";
}

// A printf conversion and the matching argument.
std::pair<std::string, std::string> Printed(const std::string& value, ir::DType t) {
  if (ir::dtype::IsFloat(t)) return {t.bits == 64 ? "%.17g" : "%.9g", "(double)" + value};
  if (ir::dtype::IsBool(t)) return {"%s", "(" + value + " ? \"True\" : \"False\")"};
  if (ir::dtype::IsUInt(t)) return {"%llu", "(unsigned long long)" + value};
  if (ir::dtype::IsHandle(t)) return {"%p", value};
  return {"%lld", "(long long)" + value};
}

std::string Append(Writer* w, const std::string& function, const std::string& format,
                   const std::string& value) {
  w->NeedLine();
  w->Use("ts_print");
  return function + "(ctx, &ts_line, \"" + format + "\", " + value + ")";
}

std::string EmitPrintText(Writer* w, const ir::CallObj* call) {
  const auto* text = ir::Call::Arg(call, 0).as<ir::StringImmObj>();
  return Append(w, "ts_append", "%s", "\"" + EscapeText(std::string(text->value)) + "\"");
}

void RegisterPrint(const char* name, const std::string& function) {
  RegisterCallEmitter(name, [function](Writer* w, const ir::CallObj* call) {
    ir::Expr value = ir::Call::Arg(call, 0);
    if (const auto* text = value.as<ir::StringImmObj>()) {
      return Append(w, function, "%s", "\"" + EscapeText(std::string(text->value)) + "\"");
    }
    auto [format, shown] = Printed(w->Expr(value), value.dtype());
    return Append(w, function, format, shown);
  });
}

std::string EmitPrintEnd(Writer* w, const ir::CallObj*) {
  w->NeedLine();
  w->Use("ts_print");
  return "ts_end_line(ctx, &ts_line)";
}

bool RegisterAll() {
  for (const char* kind : {"add", "max", "min", "or", "and", "xor", "exch"}) RegisterAtomic(kind);
  RegisterCallEmitter("atomic_load", EmitAtomicLoad);
  RegisterCallEmitter("atomic_store", EmitAtomicStore);
  RegisterCallEmitter("rng_init", EmitRngInit);
  RegisterCallEmitter("rng_rand", EmitRngRand);
  RegisterCallEmitter("rng_rand_float", EmitRngFloat);
  RegisterCallEmitter("cpu.fail", EmitFail);
  RegisterCallEmitter("cpu.print_text", EmitPrintText);
  RegisterPrint("cpu.print_value", "ts_append");
  RegisterPrint("cpu.print_element", "ts_append_element");
  RegisterCallEmitter("cpu.print_end", EmitPrintEnd);
  return true;
}

[[maybe_unused]] const bool kRegistered = RegisterAll();

}  // namespace
}  // namespace tilescale::codegen::cpu
