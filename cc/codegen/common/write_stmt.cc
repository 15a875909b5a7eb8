// Statements in a language like C.
#include <tvm/ffi/extra/structural_equal.h>

#include <algorithm>

#include "cc/codegen/common/writer.h"
#include "cc/ir/visitor.h"
#include "cc/support/diagnostic.h"

namespace tilescale::codegen {
namespace {

std::string Legal(const std::string& hint) {
  std::string name;
  for (char c : hint) {
    bool word = std::isalnum(static_cast<unsigned char>(c)) || c == '_';
    name += word && static_cast<unsigned char>(c) < 128 ? c : '_';
  }
  bool starts_badly = name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) ||
                      name[0] == '_' || name.rfind("ts_", 0) == 0 || name.rfind("TS_", 0) == 0;
  return starts_badly ? "v" + name : name;
}

std::string FileName(const std::string& path) {
  size_t slash = path.find_last_of("/\\");
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

// Whether an expression gives the same value again after the statements of a loop.
bool IsRepeatable(const ir::Expr& e) {
  bool repeatable = true;
  ir::ForEachExpr(e, [&](const ir::Expr& x) {
    if (x.as<ir::LoadObj>() || x.as<ir::CallObj>()) repeatable = false;
  });
  return repeatable;
}

// min + extent, without the detour of min + (end - min).
ir::Expr EndOf(const ir::ForObj* loop) {
  const auto* op = loop->extent.as<ir::BinaryObj>();
  bool difference =
      op && op->kind == ir::BinaryKind::kSub && ffi::StructuralEqual::Equal(op->b, loop->min);
  return difference ? op->a : loop->min + loop->extent;
}

// Without the parentheses around a whole comparison.
std::string Condition(const std::string& text, const ir::Expr& e) {
  const auto* op = e.as<ir::BinaryObj>();
  bool wrapped = op && text.size() > 2 && text.front() == '(' && text.back() == ')' &&
                 (ir::IsCompare(op->kind) || ir::IsLogical(op->kind));
  return wrapped ? text.substr(1, text.size() - 2) : text;
}

}  // namespace

std::string Writer::NameOf(const ffi::ObjectRef& object, const std::string& hint) {
  auto it = names_.find(object.get());
  if (it != names_.end()) return it->second.second;
  std::string base = Legal(hint);
  std::string name = base;
  for (int n = 1; !taken_.insert(name).second; ++n) name = base + "_" + std::to_string(n);
  names_.emplace(object.get(), std::pair(object, name));
  return name;
}

void Writer::Line(const std::string& code) {
  text_ += std::string(static_cast<size_t>(indent_) * 2, ' ') + code + "\n";
}

void Writer::Block(const std::string& head, const std::function<void()>& body) {
  Line(head + " {");
  ++indent_;
  body();
  --indent_;
  Line("}");
}

void Writer::MarkSource(const ir::Span& span) {
  if (!span.defined() || span->line == marked_line_) return;
  marked_line_ = span->line;
  std::string file(span->file);
  if (context_.line_directives) {
    text_ += "#line " + std::to_string(span->line) + " \"" + EscapeText(file) + "\"\n";
  } else {
    Line(Comment(FileName(file) + ":" + std::to_string(span->line)));
  }
}

void Writer::Stmt(const ir::Stmt& s) {
  if (const auto* seq = s.as<ir::SeqObj>()) {
    for (const ir::Stmt& child : seq->stmts) Stmt(child);
    return;
  }
  if (s.as<ir::AssumeObj>() || s.as<ir::AnnotateObj>()) return;
  if (s->span.defined()) span_ = s->span;
  MarkSource(s->span);
  if (const auto* bind = s.as<ir::BindObj>()) {
    std::string value = Expr(bind->value);
    Line("const " + ValueType(bind->var.dtype()) + " " + Name(bind->var) + " = " + value + ";");
  } else if (const auto* alloc = s.as<ir::AllocObj>()) {
    Declare(alloc);
  } else if (const auto* view = s.as<ir::ViewObj>()) {
    Pointer(view->buffer, (view->source.IsScope(ir::scope::kVar) ? "&" : "") + Name(view->source));
  } else if (const auto* tensor = s.as<ir::DeclTensorObj>()) {
    Pointer(tensor->buffer, Cast("int64_t", "(" + Expr(tensor->address) + ")"));
  } else if (const auto* store = s.as<ir::StoreObj>()) {
    Store(store);
  } else if (const auto* evaluate = s.as<ir::EvaluateObj>()) {
    Evaluate(evaluate->value);
  } else if (const auto* branch = s.as<ir::IfObj>()) {
    If(branch);
  } else if (const auto* loop = s.as<ir::ForObj>()) {
    For(loop);
  } else if (const auto* repeat = s.as<ir::WhileObj>()) {
    Block("while (" + Condition(Expr(repeat->cond), repeat->cond) + ")",
          [&] { Stmt(repeat->body); });
  } else if (s.as<ir::BreakObj>() || s.as<ir::ContinueObj>()) {
    Line(s.as<ir::BreakObj>() ? "break;" : "continue;");
  } else {
    TILESCALE_FAIL("no text for a statement of type " << s->GetTypeKey());
  }
}

void Writer::Pointer(const ir::Buffer& buffer, const std::string& address) {
  std::string type = StorageType(buffer->dtype);
  Line(type + "* const " + Name(buffer) + " = " + PointerCast(type, address) + ";");
}

void Writer::Declare(const ir::AllocObj* alloc) {
  const ir::Buffer& buffer = alloc->buffer;
  std::string name = Name(buffer);
  if (buffer.IsScope(ir::scope::kVar)) {
    std::string type = ValueType(buffer->dtype);
    if (!alloc->init.has_value()) return Line(Scalar(type, name) + ";");
    const ir::Expr& init = alloc->init.value();
    return Line(type + " " + name + " = " + Convert(Expr(init), init.dtype(), buffer->dtype) + ";");
  }
  auto place = offsets_.find(buffer.get());
  if (place != offsets_.end()) {
    return Pointer(buffer, "(" + arena_ + " + " + std::to_string(place->second) + ")");
  }
  int64_t elements = 1;
  for (const ir::Expr& extent : buffer->shape) elements *= *ir::AsConstInt(extent);
  if (IsPacked(buffer->dtype)) elements = (elements + 1) / 2;
  Line(Array(StorageType(buffer->dtype), name, std::max<int64_t>(elements, 1)) + ";");
}

void Writer::Store(const ir::StoreObj* store) {
  const ir::Buffer& buffer = store->buffer;
  if (!buffer.IsScope(ir::scope::kVar)) {
    return StoreAt(store, Offset(buffer, store->indices));
  }
  Line(Name(buffer) + " = " + Convert(Expr(store->value), store->value.dtype(), buffer->dtype) +
       ";");
}

// An effect that a guard may leave out.
void Writer::Evaluate(const ir::Expr& value) {
  const auto* select = value.as<ir::SelectObj>();
  if (!select) return Line(Expr(value) + ";");
  Block("if (" + Condition(Expr(select->cond), select->cond) + ")", [&] { Evaluate(select->a); });
  if (select->b.as<ir::IntImmObj>() || select->b.as<ir::FloatImmObj>()) return;
  Block("else", [&] { Evaluate(select->b); });
}

void Writer::If(const ir::IfObj* branch) {
  Line("if (" + Condition(Expr(branch->cond), branch->cond) + ") {");
  ++indent_;
  Stmt(branch->then_body);
  --indent_;
  if (branch->else_body.has_value()) {
    Block("} else", [&] { Stmt(branch->else_body.value()); });
  } else {
    Line("}");
  }
}

void Writer::For(const ir::ForObj* loop) {
  std::string type = ValueType(loop->var.dtype());
  bool unit = ir::IsConstInt(loop->step, 1);
  ir::Expr end = EndOf(loop);
  std::string min = Expr(loop->min);
  if (unit && IsRepeatable(end)) {
    std::string limit = Expr(end);
    LoopHints(loop);
    std::string i = Name(loop->var);
    Block("for (" + type + " " + i + " = " + min + "; " + i + " < " + limit + "; ++" + i + ")",
          [&] { Stmt(loop->body); });
    return;
  }
  // The bounds are evaluated once, before the first iteration.
  std::string i = Name(loop->var);
  std::string n = i + "_n", first = i + "_min", step = i + "_step", at = i + "_at";
  Line("const " + type + " " + first + " = " + min + ", " + n + " = " + Expr(loop->extent) + ", " +
       step + " = " + Expr(loop->step) + ";");
  LoopHints(loop);
  Block("for (" + type + " " + at + " = 0; " + at + " < " + n + "; ++" + at + ")", [&] {
    Line("const " + type + " " + i + " = " + first + " + " + at + " * " + step + ";");
    Stmt(loop->body);
  });
}

}  // namespace tilescale::codegen
