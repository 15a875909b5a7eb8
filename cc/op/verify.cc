#include "cc/op/verify.h"

#include "cc/ir/span.h"

namespace tilescale::op {
namespace {

std::string ExtentText(const ir::Expr& extent) {
  if (const int64_t* value = ir::AsConstInt(extent)) return std::to_string(*value);
  if (const auto* var = extent.as<ir::VarObj>()) return std::string(var->name);
  return "?";
}

}  // namespace

support::UserError ErrorAt(const std::string& kind, const ir::TileOp& op) {
  return support::UserError(kind).At(ir::ToLocation(op->span));
}

std::string ExtentsText(const std::vector<ir::Expr>& extents) {
  std::string text = "(";
  for (size_t i = 0; i < extents.size(); ++i) {
    text += (i ? ", " : "") + ExtentText(extents[i]);
  }
  return text + (extents.size() == 1 ? ",)" : ")");
}

std::string ExtentsText(const ir::Region& region) { return ExtentsText(Extents(region)); }

bool MayBeEqual(const ir::Expr& a, const ir::Expr& b) {
  const int64_t* x = ir::AsConstInt(a);
  const int64_t* y = ir::AsConstInt(b);
  return !x || !y || *x == *y;
}

bool MayBeEqual(const std::vector<ir::Expr>& a, const std::vector<ir::Expr>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!MayBeEqual(a[i], b[i])) return false;
  }
  return true;
}

std::vector<ir::Expr> Extents(const ir::Region& region) {
  return {region->extents.begin(), region->extents.end()};
}

}  // namespace tilescale::op
