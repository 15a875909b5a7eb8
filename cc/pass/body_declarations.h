#ifndef TILESCALE_CC_PASS_BODY_DECLARATIONS_H_
#define TILESCALE_CC_PASS_BODY_DECLARATIONS_H_

#include <vector>

#include "cc/ir/stmt.h"

namespace tilescale::pass {

/// A statement that declares names, scalars or views, or that says something about them.
struct BodyDeclaration {
  ir::Stmt stmt;
  /// It stands in front of the operator with this number (`ir::IsOperator`).
  size_t before;
};

/// An operator of the body, or a part of it, with the operator's number.
struct BodyPart {
  ir::Stmt stmt;
  size_t number;
};

/// The declarations in a loop's body, which operators of several stages may use: each stage repeats
/// those that it needs, for the iteration that it works for.
class BodyDeclarations {
 public:
  void Add(const ir::Stmt& stmt, size_t before) { all_.push_back({stmt, before}); }

  /// What the parts use, directly or through other declarations, in the order of the text.
  std::vector<BodyDeclaration> NeededBy(const std::vector<BodyPart>& parts) const;

 private:
  std::vector<BodyDeclaration> all_;
};

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_BODY_DECLARATIONS_H_
