#include "cc/runtime/exprs.h"

#include <algorithm>
#include <charconv>
#include <sstream>

namespace tilescale::runtime {
namespace {

int64_t FloorDiv(int64_t left, int64_t right) {
  const int64_t quotient = left / right;
  return quotient - (left % right != 0 && (left < 0) != (right < 0));
}

bool ParseInt(const char* begin, const char* end, int64_t* value) {
  const auto [rest, status] = std::from_chars(begin, end, *value);
  return status == std::errc() && rest == end;
}

}  // namespace

bool Exprs::ParseStep(const std::string& word, Step* step) {
  constexpr const char* kNames[] = {"+", "-", "*", "//", "%", "min", "max"};
  for (int i = 0; i < 7; ++i) {
    if (word != kNames[i]) continue;
    *step = {static_cast<Op>(static_cast<int>(Op::kAdd) + i), 0};
    return true;
  }
  const bool symbol = word[0] == 's';
  step->op = symbol ? Op::kSymbol : Op::kConst;
  return ParseInt(word.data() + symbol, word.data() + word.size(), &step->value);
}

std::string Exprs::Parse(const std::vector<std::string>& texts, int64_t num_symbols) {
  for (const std::string& text : texts) {
    std::vector<Step> steps;
    std::istringstream words(text);
    std::string word;
    int depth = 0;
    bool valid = true;
    while (valid && words >> word) {
      Step step{};
      valid = ParseStep(word, &step);
      if (step.op == Op::kSymbol) valid = valid && step.value >= 0 && step.value < num_symbols;
      depth += step.op <= Op::kSymbol ? 1 : -1;
      valid = valid && depth >= 1 && depth <= kMaxDepth;
      steps.push_back(step);
    }
    if (!valid || depth != 1) return "`" + text + "` is no expression in postfix form";
    programs_.push_back(std::move(steps));
  }
  return "";
}

bool Exprs::Apply(Op op, int64_t* left, int64_t right) {
  switch (op) {
    case Op::kAdd:
      return !__builtin_add_overflow(*left, right, left);
    case Op::kSub:
      return !__builtin_sub_overflow(*left, right, left);
    case Op::kMul:
      return !__builtin_mul_overflow(*left, right, left);
    case Op::kMin:
      *left = std::min(*left, right);
      return true;
    case Op::kMax:
      *left = std::max(*left, right);
      return true;
    default:
      break;
  }
  if (right == 0 || (right == -1 && *left == INT64_MIN)) return false;
  const int64_t quotient = FloorDiv(*left, right);
  *left = op == Op::kFloorDiv ? quotient : *left - quotient * right;
  return true;
}

bool Exprs::Run(const std::vector<Step>& steps, const int64_t* symbols, int64_t* result) {
  int64_t stack[kMaxDepth] = {};
  int depth = 0;
  for (const Step& step : steps) {
    if (step.op <= Op::kSymbol) {
      stack[depth++] = step.op == Op::kConst ? step.value : symbols[step.value];
      continue;
    }
    --depth;
    // NOLINTNEXTLINE(clang-analyzer-*): `Parse` has checked the depth at each step.
    if (!Apply(step.op, &stack[depth - 1], stack[depth])) return false;
  }
  *result = stack[0];
  return true;
}

int32_t Exprs::Evaluate(const int64_t* symbols, int64_t* exprs) const {
  if (compiled_ != nullptr) return compiled_(symbols, exprs);
  for (size_t i = 0; i < programs_.size(); ++i) {
    if (!Run(programs_[i], symbols, &exprs[i])) return static_cast<int32_t>(i) + 1;
  }
  return 0;
}

}  // namespace tilescale::runtime
