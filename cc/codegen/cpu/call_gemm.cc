// The matrix micro-kernel's call, after its operands are converted into panels where needed.
#include "cc/codegen/common/call_emitter.h"
#include "cc/codegen/cpu/writer.h"
#include "cc/pass/exact.h"
#include "cc/support/diagnostic.h"

namespace tilescale::codegen::cpu {
namespace {

struct Operand {
  std::string pointer;
  ir::DType dtype;
  std::string row, col;  // strides in elements
};

// The buffer's last two dimensions, exchanged if transposed.
Operand Read(Writer* w, const ir::CallObj* call, int i, bool transposed) {
  const auto* address = ir::Call::Arg(call, i).as<ir::AddressOfObj>();
  std::vector<ir::Expr> strides = pass::ExactStrides(address->buffer);
  size_t rank = strides.size();
  std::string row = w->Expr(strides[rank - 2]), col = w->Expr(strides[rank - 1]);
  std::string pointer = w->Address(address->buffer, address->indices);
  if (transposed) std::swap(row, col);
  return {pointer, address->buffer->dtype, row, col};
}

std::string Extent(const ir::CallObj* call, const char* key) {
  return std::to_string(call->attrs.at(key).cast<int64_t>());
}

bool Flag(const ir::CallObj* call, const char* key) {
  auto it = call->attrs.find(key);
  return it != call->attrs.end() && (*it).second.cast<bool>();
}

// Fills a panel if the call has one, and makes it the operand.
void Pack(Writer* w, const ir::CallObj* call, const char* key, const std::string& rows,
          const std::string& cols, Operand* operand) {
  auto it = call->attrs.find(key);
  if (it == call->attrs.end()) return;
  int at = static_cast<int>((*it).second.cast<int64_t>());
  const ir::Buffer& panel = ir::Call::Arg(call, at).as<ir::AddressOfObj>()->buffer;
  ir::DType t = panel->dtype;
  std::string name = w->Name(panel);
  std::string width = w->Expr(panel->shape[1]);
  w->Line(w->Use("ts_pack_" + Suffix(operand->dtype) + "_" + Suffix(t)) + "(" + name + ", " +
          width + ", " + operand->pointer + ", " + rows + ", " + cols + ", " + operand->row + ", " +
          operand->col + ");");
  *operand = {name, t, width, "1"};
}

std::string EmitGemm(Writer* w, const ir::CallObj* call) {
  Operand a = Read(w, call, 0, Flag(call, "trans_a"));
  Operand b = Read(w, call, 1, Flag(call, "trans_b"));
  Operand c = Read(w, call, 2, false);
  std::string m = Extent(call, "m"), n = Extent(call, "n"), k = Extent(call, "k");
  Pack(w, call, "a_panel", m, k, &a);
  Pack(w, call, "b_panel", k, n, &b);
  if (Flag(call, "skip_tail")) n += " / 32 * 32";
  return w->Use("ts_gemm_" + Suffix(c.dtype)) + "(" + m + ", " + n + ", " + k + ", " + a.pointer +
         ", " + a.row + ", " + a.col + ", " + b.pointer + ", " + b.row + ", " + c.pointer + ", " +
         c.row + ", " + (Flag(call, "clear") ? "1" : "0") + ")";
}

[[maybe_unused]] const bool kRegistered = RegisterCallEmitter("cpu.gemm", EmitGemm);

}  // namespace
}  // namespace tilescale::codegen::cpu
