// The matrix micro-kernel's call, after its operands are converted into panels where needed.
#include "cc/codegen/cpu/c_type.h"
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

// The region's last two dimensions, exchanged if transposed.
Operand Read(Writer* w, const ir::Region& region, bool transposed) {
  std::vector<ir::Expr> strides = pass::ExactStrides(region->buffer);
  size_t rank = strides.size();
  std::string row = w->Expr(strides[rank - 2]), col = w->Expr(strides[rank - 1]);
  std::string pointer = w->Address(region->buffer, region->mins);
  if (transposed) std::swap(row, col);
  return {pointer, region->buffer->dtype, row, col};
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
  auto panel = call->args[static_cast<size_t>((*it).second.cast<int64_t>())].cast<ir::Region>();
  ir::DType t = panel->buffer->dtype;
  std::string name = w->Name(panel->buffer);
  std::string width = w->Expr(panel->buffer->shape[1]);
  w->Line(w->Use("ts_pack_" + Suffix(operand->dtype) + "_" + Suffix(t)) + "(" + name + ", " +
          width + ", " + operand->pointer + ", " + rows + ", " + cols + ", " + operand->row + ", " +
          operand->col + ");");
  *operand = {name, t, width, "1"};
}

std::string EmitGemm(Writer* w, const ir::CallObj* call) {
  auto a_region = call->args[0].cast<ir::Region>();
  auto c_region = call->args[2].cast<ir::Region>();
  bool trans_a = Flag(call, "trans_a");
  Operand a = Read(w, a_region, trans_a);
  Operand b = Read(w, call->args[1].cast<ir::Region>(), Flag(call, "trans_b"));
  Operand c = Read(w, c_region, false);
  size_t a_rank = a_region->extents.size(), c_rank = c_region->extents.size();
  std::string m = w->Expr(c_region->extents[c_rank - 2]);
  ir::Expr columns = c_region->extents[c_rank - 1];
  std::string n = w->Expr(columns);
  std::string k = w->Expr(a_region->extents[a_rank - (trans_a ? 2 : 1)]);
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
