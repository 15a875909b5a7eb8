#ifndef TILESCALE_CC_CODEGEN_CPU_PRELUDE_H_
#define TILESCALE_CC_CODEGEN_CPU_PRELUDE_H_

#include <set>
#include <string>
#include <vector>

namespace tilescale::codegen::cpu {

/// A piece of C that generated code may use, and the pieces that it needs itself.
struct Helper {
  std::string name;
  std::vector<std::string> needs;
  std::string text;
};

/// The helpers used by one generated source, so that it contains no others.
class Prelude {
 public:
  /// Marks a helper and what it needs; gives the name back. An unknown name is an internal error.
  const std::string& Use(const std::string& name);
  /// The text of all used helpers, each after what it needs.
  std::string Text() const;

 private:
  std::set<std::string> used_;
};

/// All helpers in an order in which each follows what it needs.
const std::vector<Helper>& AllHelpers();

// The parts of the list, one function for each source file.
void AddIntegerHelpers(std::vector<Helper>* helpers);
void AddFloatHelpers(std::vector<Helper>* helpers);
void AddRoundingHelpers(std::vector<Helper>* helpers);
void AddStateHelpers(std::vector<Helper>* helpers);
void AddGemmHelpers(std::vector<Helper>* helpers);

}  // namespace tilescale::codegen::cpu

#endif  // TILESCALE_CC_CODEGEN_CPU_PRELUDE_H_
