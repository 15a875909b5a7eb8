#include "cc/layout/expr_table.h"

#include <tvm/ffi/error.h>

#include <algorithm>
#include <unordered_map>

#include "cc/layout/int_expr.h"
#include "cc/layout/layout.h"

namespace tilescale::layout {

using ir::BinaryKind;
using ir::Expr;

namespace {

// Expressions in postfix order on a value stack.
enum class Op { kConst, kVar, kBinary, kNot, kSelect };

struct Instruction {
  Op op;
  int64_t operand;  // constant, variable number or BinaryKind
};

class Program {
 public:
  Program(const Expr& expr, const std::unordered_map<const ir::VarObj*, int64_t>& vars)
      : vars_(vars) {
    Emit(expr);
  }

  int64_t Run(const std::vector<int64_t>& point, std::vector<int64_t>* stack) const {
    stack->clear();
    for (const Instruction& instruction : code_) Step(instruction, point, stack);
    return stack->back();
  }

 private:
  void Emit(const Expr& expr);
  static void Step(const Instruction& instruction, const std::vector<int64_t>& point,
                   std::vector<int64_t>* stack);

  const std::unordered_map<const ir::VarObj*, int64_t>& vars_;
  std::vector<Instruction> code_;
};

int64_t FloorDivide(int64_t a, int64_t b) {
  int64_t q = a / b;
  return (a % b != 0 && ((a < 0) != (b < 0))) ? q - 1 : q;
}

int64_t Divide(BinaryKind kind, int64_t a, int64_t b) {
  if (b == 0) TVM_FFI_THROW(ValueError) << "a layout function divides by zero";
  switch (kind) {
    case BinaryKind::kFloorDiv:
      return FloorDivide(a, b);
    case BinaryKind::kFloorMod:
      return a - FloorDivide(a, b) * b;
    case BinaryKind::kTruncDiv:
      return a / b;
    default:
      return a % b;
  }
}

int64_t Shift(BinaryKind kind, int64_t a, int64_t b) {
  if (b < 0 || b > 62) TVM_FFI_THROW(ValueError) << "a layout function shifts by " << b;
  return kind == BinaryKind::kShl ? a << b : a >> b;
}

int64_t Apply(BinaryKind kind, int64_t a, int64_t b) {
  switch (kind) {
    case BinaryKind::kAdd:
      return a + b;
    case BinaryKind::kSub:
      return a - b;
    case BinaryKind::kMul:
      return a * b;
    case BinaryKind::kMin:
      return std::min(a, b);
    case BinaryKind::kMax:
      return std::max(a, b);
    case BinaryKind::kEq:
      return a == b;
    case BinaryKind::kNe:
      return a != b;
    case BinaryKind::kLt:
      return a < b;
    case BinaryKind::kLe:
      return a <= b;
    case BinaryKind::kGt:
      return a > b;
    case BinaryKind::kGe:
      return a >= b;
    case BinaryKind::kAnd:
    case BinaryKind::kBitAnd:
      return a & b;
    case BinaryKind::kOr:
    case BinaryKind::kBitOr:
      return a | b;
    case BinaryKind::kBitXor:
      return a ^ b;
    case BinaryKind::kShl:
    case BinaryKind::kShr:
      return Shift(kind, a, b);
    default:
      return Divide(kind, a, b);
  }
}

void Program::Emit(const Expr& expr) {
  if (const auto* imm = expr.as<ir::IntImmObj>()) {
    code_.push_back({Op::kConst, imm->value});
  } else if (const auto* var = expr.as<ir::VarObj>()) {
    auto found = vars_.find(var);
    if (found == vars_.end()) {
      TVM_FFI_THROW(ValueError) << "a layout function uses the variable `" << std::string(var->name)
                                << "`, which is no index of the layout";
    }
    code_.push_back({Op::kVar, found->second});
  } else if (const auto* binary = expr.as<ir::BinaryObj>();
             binary && binary->kind != BinaryKind::kDiv) {
    Emit(binary->a);
    Emit(binary->b);
    code_.push_back({Op::kBinary, static_cast<int64_t>(binary->kind)});
  } else if (const auto* negation = expr.as<ir::NotObj>()) {
    Emit(negation->a);
    code_.push_back({Op::kNot, 0});
  } else if (const auto* select = expr.as<ir::SelectObj>()) {
    Emit(select->cond);
    Emit(select->a);
    Emit(select->b);
    code_.push_back({Op::kSelect, 0});
  } else if (const auto* cast = expr.as<ir::CastObj>();
             cast && ir::dtype::IsIntegral(cast->dtype)) {
    Emit(cast->value);
  } else {
    TVM_FFI_THROW(ValueError) << "a layout function must be integer arithmetic, got `"
                              << ExprText(expr) << "`";
  }
}

void Program::Step(const Instruction& instruction, const std::vector<int64_t>& point,
                   std::vector<int64_t>* stack) {
  auto pop = [stack] {
    int64_t value = stack->back();
    stack->pop_back();
    return value;
  };
  switch (instruction.op) {
    case Op::kConst:
      stack->push_back(instruction.operand);
      return;
    case Op::kVar:
      stack->push_back(point[instruction.operand]);
      return;
    case Op::kNot:
      stack->back() = stack->back() == 0;
      return;
    case Op::kBinary: {
      int64_t b = pop();
      stack->back() = Apply(static_cast<BinaryKind>(instruction.operand), stack->back(), b);
      return;
    }
    case Op::kSelect: {
      int64_t b = pop();
      int64_t a = pop();
      stack->back() = stack->back() != 0 ? a : b;
      return;
    }
  }
}

bool NextPoint(const std::vector<int64_t>& extents, std::vector<int64_t>* point) {
  for (size_t d = extents.size(); d-- > 0;) {
    if (++(*point)[d] < extents[d]) return true;
    (*point)[d] = 0;
  }
  return false;
}

}  // namespace

std::vector<std::vector<int64_t>> Tabulate(const tvm::ffi::Array<ir::Var>& vars,
                                           const std::vector<int64_t>& extents,
                                           const tvm::ffi::Array<Expr>& outputs) {
  std::unordered_map<const ir::VarObj*, int64_t> numbers;
  for (const ir::Var& var : vars) numbers.emplace(var.get(), static_cast<int64_t>(numbers.size()));
  std::vector<Program> programs;
  for (const Expr& output : outputs) programs.emplace_back(output, numbers);
  std::vector<std::vector<int64_t>> values(programs.size());
  Int count(1);
  for (int64_t extent : extents) count = count * Int(extent);
  if (count.Is(0)) return values;
  if (count.Value() > kMaxEnumeration) {
    TVM_FFI_THROW(ValueError) << "a layout function is evaluated at every element: "
                              << count.Value() << " are more than " << kMaxEnumeration;
  }
  std::vector<int64_t> point(extents.size(), 0);
  std::vector<int64_t> stack;
  do {
    for (size_t k = 0; k < programs.size(); ++k) {
      values[k].push_back(programs[k].Run(point, &stack));
    }
  } while (NextPoint(extents, &point));
  return values;
}

}  // namespace tilescale::layout
