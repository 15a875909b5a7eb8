#include "cc/pass/body_declarations.h"

#include <algorithm>
#include <unordered_set>

#include "cc/ir/visitor.h"

namespace tilescale::pass {
namespace {

namespace ffi = tvm::ffi;

using Names = std::unordered_set<const ffi::Object*>;

// The names and buffers that a statement mentions, those that it declares included.
Names Mentions(const ir::Stmt& stmt) {
  struct Walker : ir::Visitor {
    Names found;
    void VisitExpr(const ir::Expr& e) override {
      if (e.as<ir::VarObj>()) found.insert(e.get());
      VisitFields(e);
    }
    void VisitBuffer(const ir::Buffer& buffer) override { found.insert(buffer.get()); }
  } walker;
  walker.VisitStmt(stmt);
  return walker.found;
}

// What the statement declares, or nullptr.
const ffi::Object* Declared(const ir::Stmt& s) {
  if (const auto* bind = s.as<ir::BindObj>()) return bind->var.get();
  if (const auto* alloc = s.as<ir::AllocObj>()) return alloc->buffer.get();
  if (const auto* view = s.as<ir::ViewObj>()) return view->buffer.get();
  if (const auto* tensor = s.as<ir::DeclTensorObj>()) return tensor->buffer.get();
  return nullptr;
}

// Whether a remark, which declares nothing, belongs to the parts: all that it mentions is declared
// for them, or it mentions nothing of the body and stands in front of one of them.
bool IsAbout(const BodyDeclaration& remark, const Names& declared, const Names& needed,
             const std::vector<BodyPart>& parts) {
  bool mentions = false;
  for (const ffi::Object* name : Mentions(remark.stmt)) {
    if (!declared.count(name)) continue;
    if (!needed.count(name)) return false;
    mentions = true;
  }
  return mentions || std::any_of(parts.begin(), parts.end(), [&](const BodyPart& part) {
           return part.number == remark.before;
         });
}

}  // namespace

std::vector<BodyDeclaration> BodyDeclarations::NeededBy(const std::vector<BodyPart>& parts) const {
  Names needed, declared;
  for (const BodyPart& part : parts) needed.merge(Mentions(part.stmt));
  for (auto it = all_.rbegin(); it != all_.rend(); ++it) {
    const ffi::Object* name = Declared(it->stmt);
    if (name && needed.count(name)) needed.merge(Mentions(it->stmt));
    if (name) declared.insert(name);
  }
  std::vector<BodyDeclaration> result;
  for (const BodyDeclaration& each : all_) {
    const ffi::Object* name = Declared(each.stmt);
    if (name ? needed.count(name) > 0 : IsAbout(each, declared, needed, parts)) {
      result.push_back(each);
    }
  }
  return result;
}

}  // namespace tilescale::pass
