// Matrix instructions as CUDA C++.
#include "cc/codegen/cuda/writer.h"
#include "cc/layout/mma_atom.h"
#include "cc/support/diagnostic.h"

namespace tilescale::codegen::cuda {
namespace {

const layout::MmaAtom& Atom(const std::string& name) {
  for (const layout::MmaAtom& atom : layout::MmaAtoms()) {
    if (atom.name == name) return atom;
  }
  TILESCALE_FAIL("there is no matrix instruction " << name);
}

// A reference to the registers from an address on.
std::string Registers(Writer* w, const ir::Expr& address, const std::string& type, int64_t bits) {
  return "ts::registers<" + type + ", " + std::to_string(bits / 32) + ">(" + w->Expr(address) + ")";
}

std::string EmitMma(Writer* w, const ir::CallObj* call) {
  const layout::MmaAtom& atom = Atom(call->attrs.at("atom").cast<std::string>());
  auto bits = [](const layout::Fragment& fragment, ir::DType type) {
    return fragment->num_values * ir::dtype::Bits(type);
  };
  // Accumulators of 16 bits travel in pairs.
  const std::string type =
      ir::dtype::Bits(atom.c_type) == 16 ? "uint32_t" : w->ValueType(atom.c_type);
  std::string c = Registers(w, ir::Call::Arg(call, 0), type, bits(atom.c, atom.c_type));
  return "ts::ptx::" + atom.name + "(" + c + ", " +
         Registers(w, ir::Call::Arg(call, 1), "uint32_t", bits(atom.a, atom.a_type)) + ", " +
         Registers(w, ir::Call::Arg(call, 2), "uint32_t", bits(atom.b, atom.b_type)) + ", " + c +
         ")";
}

std::string EmitLoadMatrix(Writer* w, const ir::CallObj* call) {
  const int64_t count = call->attrs.at("count").cast<int64_t>();
  const bool transposed = call->attrs.at("transposed").cast<bool>();
  return "ts::ptx::ldmatrix_x" + std::to_string(count) + (transposed ? "_trans(" : "(") +
         Registers(w, ir::Call::Arg(call, 0), "uint32_t", 32 * count) + ", " +
         w->Expr(ir::Call::Arg(call, 1)) + ")";
}

std::string EmitLoadBytes(Writer* w, const ir::CallObj* call) {
  const int64_t blocks = call->attrs.at("blocks").cast<int64_t>();
  const bool whole = call->attrs.at("whole").cast<bool>();
  const std::string order = call->attrs.at("blocks_first").cast<bool>() ? ", true>(" : ", false>(";
  std::string text =
      "ts::load_bytes" + std::string(whole ? "<" : "_half<") + std::to_string(blocks) +
      (whole ? order : ">(") +
      Registers(w, ir::Call::Arg(call, 0), "uint32_t", 32 * blocks * (whole ? 2 : 1));
  for (int i : {1, 2}) text += ", " + w->Expr(ir::Call::Arg(call, i));
  return text + (whole ? "" : ", " + w->Expr(ir::Call::Arg(call, 3))) + ")";
}

std::string EmitStoreMatrix(Writer* w, const ir::CallObj* call) {
  return "ts::ptx::stmatrix_x4(" + w->Expr(ir::Call::Arg(call, 0)) + ", " +
         Registers(w, ir::Call::Arg(call, 1), "uint32_t", int64_t{4} * 32) + ")";
}

[[maybe_unused]] const bool kRegistered[] = {
    RegisterCallEmitter("cuda.mma", EmitMma),
    RegisterCallEmitter("cuda.load_matrix", EmitLoadMatrix),
    RegisterCallEmitter("cuda.load_bytes", EmitLoadBytes),
    RegisterCallEmitter("cuda.store_matrix", EmitStoreMatrix),
};

}  // namespace
}  // namespace tilescale::codegen::cuda
