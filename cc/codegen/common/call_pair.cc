// Operations on pairs as scalar operations.
#include "cc/codegen/common/call_pair.h"

#include <map>

#include "cc/codegen/common/call_emitter.h"
#include "cc/ir/intrinsic.h"

namespace tilescale::codegen {
namespace {

ir::Expr Reinterpret(const ir::Expr& value, ir::DType type) {
  return ir::MakeCall("reinterpret", {value}, {}, type);
}

ir::Expr Lane(const ir::Expr& word, ir::DType type, int64_t lane) {
  ir::Expr shift = ir::MakeInt(word.dtype(), lane * type.bits);
  ir::Expr bits = ir::MakeBinary(ir::BinaryKind::kShr, word, shift);
  return Reinterpret(ir::MakeCast(ir::dtype::UInt(type.bits), bits), type);
}

ir::Expr Scalar(const std::string& op, const ffi::Array<ffi::Any>& lanes) {
  static const std::map<std::string, ir::BinaryKind> binary = {{"add2", ir::BinaryKind::kAdd},
                                                               {"sub2", ir::BinaryKind::kSub},
                                                               {"mul2", ir::BinaryKind::kMul},
                                                               {"max2", ir::BinaryKind::kMax},
                                                               {"min2", ir::BinaryKind::kMin}};
  auto it = binary.find(op);
  if (it != binary.end()) {
    return ir::MakeBinary(it->second, lanes[0].cast<ir::Expr>(), lanes[1].cast<ir::Expr>());
  }
  return ir::MakeCall(op == "fma2" ? "fma" : "abs", lanes, {}, lanes[0].cast<ir::Expr>().dtype());
}

std::string Emit(Writer* w, const ir::CallObj* call) { return w->Expr(ExpandPair(call)); }

bool RegisterAll() {
  for (const char* type : {"float16", "bfloat16", "float32"}) {
    for (const char* op : {"add2", "sub2", "mul2", "fma2", "max2", "min2", "abs2"}) {
      RegisterCallEmitter(Target::kCpu, std::string(op) + "_" + type, Emit);
    }
  }
  return true;
}

[[maybe_unused]] const bool kRegistered = RegisterAll();

}  // namespace

PairCall ParsePairCall(const ir::CallObj* call) {
  const std::string name(call->op);
  const size_t split = name.find('_');
  return {name.substr(0, split), name.substr(split + 1)};
}

ir::Expr ExpandPair(const ir::CallObj* call) {
  const PairCall parts = ParsePairCall(call);
  const ir::DType type = ir::dtype::Parse(parts.type);
  ir::Expr word = ir::MakeInt(call->dtype, 0);
  for (int64_t lane = 0; lane < 2; ++lane) {
    ffi::Array<ffi::Any> lanes;
    for (size_t i = 0; i < call->args.size(); ++i) {
      lanes.push_back(Lane(ir::Call::Arg(call, static_cast<int>(i)), type, lane));
    }
    ir::Expr bits = Reinterpret(Scalar(parts.op, lanes), ir::dtype::UInt(type.bits));
    ir::Expr shift = ir::MakeInt(call->dtype, lane * type.bits);
    bits = ir::MakeBinary(ir::BinaryKind::kShl, ir::MakeCast(call->dtype, bits), shift);
    word = lane == 0 ? bits : ir::MakeBinary(ir::BinaryKind::kBitOr, word, bits);
  }
  return word;
}

}  // namespace tilescale::codegen
