// Small helpers on text and types.
#include <cstdio>

#include "cc/codegen/common/writer.h"
#include "cc/support/diagnostic.h"

namespace tilescale::codegen {

bool IsNarrowFloat(ir::DType t) { return ir::dtype::IsFloat(t) && t.bits < 32; }

bool IsPacked(ir::DType t) { return ir::dtype::IsIntegral(t) && t.bits == 4; }

std::string Suffix(ir::DType t) {
  if (ir::dtype::IsBool(t)) return "b";
  if (ir::dtype::IsInt(t)) return "i" + std::to_string(t.bits);
  if (ir::dtype::IsUInt(t)) return "u" + std::to_string(t.bits);
  if (t.code == kDLBfloat) return "bf16";
  if (t.code == kDLFloat8_e4m3fn) return "e4m3";
  if (t.code == kDLFloat8_e5m2) return "e5m2";
  TILESCALE_CHECK(t.code == kDLFloat, "no short name for " << ir::dtype::Name(t));
  return "f" + std::to_string(t.bits);
}

std::string EscapeText(const std::string& text) {
  std::string result;
  for (char c : text) {
    if (c == '\n') {
      result += "\\n";
    } else if (c == '"' || c == '\\') {
      result += std::string("\\") + c;
    } else if (static_cast<unsigned char>(c) < 32 || c == 127 || c == '?') {
      char octal[8];
      std::snprintf(octal, sizeof(octal), "\\%03o", static_cast<unsigned char>(c));
      result += octal;
    } else {
      result += c;
    }
  }
  return result;
}

bool MatchesWholeCall(const std::string& text, size_t open) {
  int depth = 0;
  for (size_t i = open; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')' && --depth == 0) return i + 1 == text.size();
  }
  return false;
}

std::string FillTemplate(const std::string& text,
                         const std::vector<std::pair<char, std::string>>& values) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size()) {
      result += text[i];
      continue;
    }
    char key = text[++i];
    for (const auto& [name, value] : values) {
      if (name == key) result += value;
    }
  }
  return result;
}

}  // namespace tilescale::codegen
