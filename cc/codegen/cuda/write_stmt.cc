// Statements as CUDA C++.
#include <algorithm>
#include <cctype>

#include "cc/codegen/cuda/writer.h"
#include "cc/ir/span.h"
#include "cc/pass/fragment_layouts.h"
#include "cc/support/diagnostic.h"

namespace tilescale::codegen::cuda {
namespace {

// Registers of up to 128 bits at a time.
constexpr const char* kLocalAlignment = "alignas(16) ";

const std::set<std::string>& ReservedNames() {
  static const std::set<std::string> names = {
      "alignas",   "auto",     "bool",     "break",    "case",      "char",     "class",
      "const",     "continue", "default",  "delete",   "do",        "double",   "else",
      "enum",      "extern",   "false",    "float",    "for",       "friend",   "goto",
      "if",        "inline",   "int",      "long",     "namespace", "new",      "not",
      "and",       "or",       "xor",      "operator", "private",   "public",   "register",
      "return",    "short",    "signed",   "sizeof",   "static",    "struct",   "switch",
      "template",  "this",     "throw",    "true",     "try",       "typedef",  "typename",
      "union",     "unsigned", "using",    "virtual",  "void",      "volatile", "while",
      "threadIdx", "blockIdx", "blockDim", "gridDim",  "warpSize",  "ts",       "smem",
      "asm",       "min_of",   "max_of",   "floordiv", "floormod",  "saturate", "catch",
      "protected", "exp",      "log",      "sin",      "cos",       "pow",      "sqrt",
      "floor",     "trunc",    "main",     "abs",      "round",     "tan",      "erf",
      "ceil",      "fmod",     "std",      "y0",       "y1",        "yn",       "j0",
      "j1",        "jn",       "gamma",    "div",
  };
  return names;
}

std::string Legal(const std::string& hint) {
  std::string name;
  for (char c : hint) {
    bool word = std::isalnum(static_cast<unsigned char>(c)) || c == '_';
    name += word && static_cast<unsigned char>(c) < 128 ? c : '_';
  }
  bool starts_badly = name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) ||
                      name[0] == '_' || name.rfind("TS_", 0) == 0;
  return starts_badly ? "v" + name : name;
}

std::string FileName(const std::string& path) {
  size_t slash = path.find_last_of("/\\");
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

// Without the parentheses around a whole comparison.
std::string Condition(const std::string& text, const ir::Expr& e) {
  const auto* op = e.as<ir::BinaryObj>();
  bool wrapped = op && text.front() == '(' && text.back() == ')' &&
                 (ir::IsCompare(op->kind) || ir::IsLogical(op->kind));
  return wrapped ? text.substr(1, text.size() - 2) : text;
}

}  // namespace

std::string Writer::NameOf(const ffi::ObjectRef& object, const std::string& hint) {
  auto it = names_.find(object.get());
  if (it != names_.end()) return it->second.second;
  std::string base = Legal(hint);
  std::string name = base;
  for (int n = 1; ReservedNames().count(name) || !taken_.insert(name).second; ++n) {
    name = base + "_" + std::to_string(n);
  }
  names_.emplace(object.get(), std::pair(object, name));
  return name;
}

void Writer::Line(const std::string& code) {
  text_ += std::string(static_cast<size_t>(indent_) * 2, ' ') + code + "\n";
}

void Writer::Body(const ir::Stmt& body) {
  ++indent_;
  Stmt(body);
  --indent_;
  Line("}");
}

void Writer::MarkSource(const ir::Span& span) {
  if (!span.defined() || span->line == marked_line_) return;
  marked_line_ = span->line;
  Line("// " + FileName(std::string(span->file)) + ":" + std::to_string(span->line));
}

void Writer::Stmt(const ir::Stmt& s) {
  if (const auto* seq = s.as<ir::SeqObj>()) {
    for (const ir::Stmt& child : seq->stmts) Stmt(child);
    return;
  }
  if (s.as<ir::AssumeObj>()) return;
  if (s->span.defined()) span_ = s->span;
  MarkSource(s->span);
  if (const auto* bind = s.as<ir::BindObj>()) {
    std::string value = Expr(bind->value);
    Line("const " + ValueType(bind->var.dtype(), span_) + " " + Name(bind->var) + " = " + value +
         ";");
  } else if (const auto* alloc = s.as<ir::AllocObj>()) {
    Declare(alloc);
  } else if (const auto* view = s.as<ir::ViewObj>()) {
    std::string source = Name(view->source);
    Pointer(view->buffer, view->source.IsScope(ir::scope::kVar) ? "&" + source : source);
  } else if (const auto* tensor = s.as<ir::DeclTensorObj>()) {
    Pointer(tensor->buffer, Expr(tensor->address));
  } else if (const auto* store = s.as<ir::StoreObj>()) {
    Store(store);
  } else if (const auto* evaluate = s.as<ir::EvaluateObj>()) {
    Evaluate(evaluate->value);
  } else if (const auto* branch = s.as<ir::IfObj>()) {
    If(branch);
  } else if (const auto* loop = s.as<ir::ForObj>()) {
    For(loop);
  } else if (const auto* repeat = s.as<ir::WhileObj>()) {
    Line("while (" + Condition(Expr(repeat->cond), repeat->cond) + ") {");
    Body(repeat->body);
  } else if (s.as<ir::BreakObj>() || s.as<ir::ContinueObj>()) {
    Line(s.as<ir::BreakObj>() ? "break;" : "continue;");
  } else {
    TILESCALE_FAIL("no CUDA C++ for a statement of type " << s->GetTypeKey());
  }
}

void Writer::Pointer(const ir::Buffer& buffer, const std::string& address) {
  std::string type = StorageType(buffer->dtype, span_);
  Line(type + "* const " + Name(buffer) + " = reinterpret_cast<" + type + "*>(" + address + ");");
}

void Writer::Declare(const ir::AllocObj* alloc) {
  const ir::Buffer& buffer = alloc->buffer;
  if (buffer.IsScope(ir::scope::kVar)) {
    std::string start;
    if (alloc->init.has_value()) {
      const ir::Expr& init = alloc->init.value();
      start = " = " + Convert(Expr(init), init.dtype(), buffer->dtype);
    }
    Line(ValueType(buffer->dtype, span_) + " " + Name(buffer) + start + ";");
    return;
  }
  auto place = shared_.find(buffer.get());
  if (place != shared_.end()) return Pointer(buffer, "smem + " + std::to_string(place->second));
  int64_t count = std::max<int64_t>(pass::ConstSize(buffer->shape), 1);
  Line(kLocalAlignment + StorageType(buffer->dtype, span_) + " " + Name(buffer) + "[" +
       std::to_string(count) + "];");
}

void Writer::Store(const ir::StoreObj* store) {
  const ir::Buffer& buffer = store->buffer;
  std::string value = Convert(Expr(store->value), store->value.dtype(), buffer->dtype);
  if (buffer.IsScope(ir::scope::kVar)) return Line(Name(buffer) + " = " + value + ";");
  // A value that was just rounded is stored as it is.
  std::string type = StorageType(buffer->dtype, span_);
  if (value.rfind("float(" + type + "(", 0) == 0 && value.back() == ')') {
    size_t depth = 0, end = 5;
    for (; end < value.size(); ++end) {
      if (value[end] == '(') ++depth;
      if (value[end] == ')' && --depth == 0) break;
    }
    if (end + 1 == value.size()) value = value.substr(6, value.size() - 7);
  }
  Line(Name(buffer) + "[" + Offset(buffer, store->indices) + "] = " + value + ";");
}

// An effect that a guard may leave out.
void Writer::Evaluate(const ir::Expr& value) {
  const auto* select = value.as<ir::SelectObj>();
  if (!select) return Line(Expr(value) + ";");
  Line("if (" + Condition(Expr(select->cond), select->cond) + ") {");
  ++indent_;
  Evaluate(select->a);
  --indent_;
  Line("}");
}

void Writer::If(const ir::IfObj* branch) {
  Line("if (" + Condition(Expr(branch->cond), branch->cond) + ") {");
  ++indent_;
  Stmt(branch->then_body);
  --indent_;
  if (!branch->else_body.has_value()) return Line("}");
  Line("} else {");
  Body(branch->else_body.value());
}

// The bounds are evaluated once, before the first iteration.
void Writer::For(const ir::ForObj* loop) {
  std::string type = ValueType(loop->var.dtype(), span_);
  std::string i = Name(loop->var);
  const int64_t* count = ir::AsConstInt(loop->extent);
  if (loop->kind == ir::ForKind::kUnroll && count && *count <= 64) Line("#pragma unroll");
  if (ir::IsConstInt(loop->min, 0) && ir::IsConstInt(loop->step, 1) && count) {
    Line("for (" + type + " " + i + " = 0; " + i + " < " + Expr(loop->extent) + "; ++" + i + ") {");
    return Body(loop->body);
  }
  std::string at = i + "_at";
  Line("for (" + type + " " + at + " = 0, " + i + "_n = " + Expr(loop->extent) + ", " + i +
       "_min = " + Expr(loop->min) + ", " + i + "_step = " + Expr(loop->step) + "; " + at + " < " +
       i + "_n; ++" + at + ") {");
  ++indent_;
  Line("const " + type + " " + i + " = " + i + "_min + " + at + " * " + i + "_step;");
  --indent_;
  Body(loop->body);
}

}  // namespace tilescale::codegen::cuda
