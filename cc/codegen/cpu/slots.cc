#include "cc/codegen/cpu/slots.h"

#include "cc/ir/visitor.h"
#include "cc/pass/exact.h"

namespace tilescale::codegen::cpu {
namespace {

std::string Slot(size_t i, const char* field) {
  return "slots[" + std::to_string(i) + "]." + field;
}

// How a scalar is read from its slot.
const char* SlotField(ir::DType t) {
  if (ir::dtype::IsHandle(t)) return "p";
  if (!ir::dtype::IsFloat(t)) return "i";
  return t.bits == 64 ? "f" : "f32";
}

// Divisors that may be 0, which make an expression undefined.
std::vector<ir::Expr> Divisors(const ir::Expr& e) {
  std::vector<ir::Expr> divisors;
  ir::ForEachExpr(e, [&](const ir::Expr& x) {
    const auto* op = x.as<ir::BinaryObj>();
    bool divides =
        op && op->kind >= ir::BinaryKind::kFloorDiv && op->kind <= ir::BinaryKind::kTruncMod;
    if (divides && !ir::AsConstInt(op->b)) divisors.push_back(op->b);
  });
  return divisors;
}

}  // namespace

std::string ExprsFunction(const Launch& launch, Writer* writer) {
  if (launch.exprs().empty()) return "";
  std::string text = "int32_t ts_exprs(const int64_t* symbols, int64_t* exprs) {\n";
  for (size_t i = 0; i < launch.symbols().size(); ++i) {
    const ir::Var& symbol = launch.symbols()[i];
    std::string type = writer->ValueType(symbol.dtype());
    std::string name = writer->Name(symbol);
    text +=
        "  const " + type + " " + name + " = (" + type + ")symbols[" + std::to_string(i) + "];\n";
  }
  for (size_t i = 0; i < launch.exprs().size(); ++i) {
    for (const ir::Expr& divisor : Divisors(launch.exprs()[i])) {
      text += "  if (" + writer->Expr(pass::Exact64(divisor)) + " == 0) return " +
              std::to_string(i + 1) + ";\n";
    }
    text += "  exprs[" + std::to_string(i) +
            "] = " + writer->Expr(pass::Exact64(launch.exprs()[i])) + ";\n";
  }
  return text + "  return 0;\n}\n\n";
}

void ReadSlots(const Launch& launch, Writer* writer) {
  size_t slot = 0;
  auto declare = [&](const std::string& type, const std::string& name, const std::string& value) {
    writer->Line(type + " const " + name + " = (" + type + ")" + value + ";");
  };
  for (bool scalars : {false, true}) {
    for (const ffi::Any& param : launch.func()->params) {
      auto buffer = param.as<ir::Buffer>();
      auto var = param.as<ir::Var>();
      bool is_scalar = var && !ir::dtype::IsHandle(var->dtype());
      if (is_scalar != scalars) continue;
      if (buffer) {
        declare(writer->StorageType((*buffer)->dtype) + "*", writer->Name(*buffer),
                Slot(slot, "p"));
      } else if (var && launch.SymbolIndex(*var) < 0) {
        declare(writer->ValueType(var->dtype()), writer->Name(*var),
                Slot(slot, SlotField(var->dtype())));
      }
      ++slot;
    }
  }
  for (const ir::Var& symbol : launch.symbols()) {
    declare(writer->ValueType(symbol.dtype()), writer->Name(symbol), Slot(slot++, "i"));
  }
}

std::vector<std::string> GridExtents(const Launch& launch) {
  const size_t first = launch.func()->params.size();
  std::vector<std::string> text;
  for (const ir::Expr& extent : launch.grid()->extents) {
    if (const int64_t* value = ir::AsConstInt(extent)) {
      text.push_back(std::to_string(*value));
      continue;
    }
    int symbol = launch.SymbolIndex(extent);
    size_t slot = symbol >= 0
                      ? static_cast<size_t>(symbol)
                      : launch.symbols().size() + static_cast<size_t>(launch.ExprIndex(extent));
    text.push_back(Slot(first + slot, "i"));
  }
  return text;
}

}  // namespace tilescale::codegen::cpu
