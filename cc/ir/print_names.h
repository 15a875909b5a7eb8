#ifndef TILESCALE_CC_IR_PRINT_NAMES_H_
#define TILESCALE_CC_IR_PRINT_NAMES_H_

#include <cctype>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "cc/ir/expr.h"

namespace tilescale::ir {

/// Gives every variable and buffer its own identifier, close to the name it has.
class PrintNames {
 public:
  const std::string& Of(const ffi::Object* node, const std::string& hint) {
    auto it = names_.find(node);
    if (it != names_.end()) return it->second;
    return names_.emplace(node, Unique(Identifier(hint))).first->second;
  }

 private:
  static std::string Identifier(const std::string& hint) {
    std::string text;
    for (char c : hint) text += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
    bool bad_start = text.empty() || std::isdigit(static_cast<unsigned char>(text[0]));
    return bad_start ? "v" + text : text;
  }

  std::string Unique(const std::string& base) {
    std::string name = base;
    for (int i = 1; !used_.insert(name).second; ++i) name = base + "_" + std::to_string(i);
    return name;
  }

  std::unordered_map<const ffi::Object*, std::string> names_;
  // Words of the grammar cannot be names.
  std::unordered_set<std::string> used_ = {
      "alloc",      "and",   "annotate", "assume", "break",    "cast",     "continue",  "else",
      "eval",       "false", "for",      "func",   "grid",     "if",       "inf",       "max",
      "min",        "nan",   "none",     "not",    "or",       "parallel", "pipelined", "select",
      "serial",     "str",   "tensor",   "true",   "truncdiv", "truncmod", "unroll",    "var",
      "vectorized", "view",  "while",    "json",   "pipeline"};
};

}  // namespace tilescale::ir

#endif  // TILESCALE_CC_IR_PRINT_NAMES_H_
