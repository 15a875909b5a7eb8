// Statements as C.
#include <tvm/ffi/extra/structural_equal.h>

#include <cctype>
#include <cmath>

#include "cc/codegen/cpu/c_type.h"
#include "cc/codegen/cpu/writer.h"
#include "cc/ir/visitor.h"
#include "cc/pass/plan_scratch.h"
#include "cc/support/diagnostic.h"

namespace tilescale::codegen::cpu {
namespace {

const std::set<std::string>& ReservedNames() {
  static const std::set<std::string> names = {
      "auto",     "break",   "case",   "char",     "const",    "continue", "default",  "do",
      "double",   "else",    "enum",   "extern",   "float",    "for",      "goto",     "if",
      "inline",   "int",     "long",   "register", "restrict", "return",   "short",    "signed",
      "sizeof",   "static",  "struct", "switch",   "typedef",  "union",    "unsigned", "void",
      "volatile", "while",   "slots",  "ctx",      "begin",    "end",      "scratch",  "exprs",
      "symbols",  "asm",     "typeof", "main",     "y0",       "y1",       "yn",       "j0",
      "j1",       "jn",      "gamma",  "exp",      "log",      "sin",      "cos",      "tan",
      "pow",      "sqrt",    "floor",  "ceil",     "round",    "trunc",    "erf",      "linux",
      "unix",     "signgam", "NAN",    "INFINITY", "div",      "abs",      "fabs",     "fmod",
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

std::string WithoutParentheses(const std::string& text, const ir::Expr& e) {
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
  for (int n = 1; ReservedNames().count(name) || !taken_.insert(name).second; ++n) {
    name = base + "_" + std::to_string(n);
  }
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

int Writer::AddSite(const std::string& message) {
  sites_.push_back({message, span_});
  return static_cast<int>(sites_.size());
}

void Writer::MarkSource(const ir::Span& span) {
  if (!span.defined() || span->line == marked_line_) return;
  marked_line_ = span->line;
  std::string file(span->file);
  if (context_.line_directives) {
    text_ += "#line " + std::to_string(span->line) + " \"" + EscapeText(file) + "\"\n";
  } else {
    Line("/* " + FileName(file) + ":" + std::to_string(span->line) + " */");
  }
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
    View(view);
  } else if (const auto* tensor = s.as<ir::DeclTensorObj>()) {
    DeclTensor(tensor);
  } else if (const auto* store = s.as<ir::StoreObj>()) {
    Store(store);
  } else if (const auto* evaluate = s.as<ir::EvaluateObj>()) {
    Line(Expr(evaluate->value) + ";");
  } else if (const auto* branch = s.as<ir::IfObj>()) {
    If(branch);
  } else if (const auto* loop = s.as<ir::ForObj>()) {
    For(loop);
  } else if (const auto* repeat = s.as<ir::WhileObj>()) {
    While(repeat);
  } else if (s.as<ir::BreakObj>()) {
    Line("break;");
  } else if (s.as<ir::ContinueObj>()) {
    Line("continue;");
  } else {
    TILESCALE_FAIL("no C for a statement of type " << s->GetTypeKey());
  }
}

void Writer::Declare(const ir::AllocObj* alloc) {
  const ir::Buffer& buffer = alloc->buffer;
  std::string name = Name(buffer);
  if (buffer.IsScope(ir::scope::kVar)) {
    std::string start = "0";
    if (alloc->init.has_value()) {
      const ir::Expr& init = alloc->init.value();
      start = Convert(Expr(init), init.dtype(), buffer->dtype);
    }
    Line(ValueType(buffer->dtype) + " " + name + " = " + start + ";");
    return;
  }
  std::string type = StorageType(buffer->dtype);
  auto place = scratch_.find(buffer.get());
  if (place != scratch_.end()) {
    int64_t offset = place->second;
    Line(type + "* const " + name + " = (" + type + "*)(scratch + " + std::to_string(offset) +
         ");");
    return;
  }
  int64_t elements = 1;
  for (const ir::Expr& extent : buffer->shape) elements *= *ir::AsConstInt(extent);
  if (IsPacked(buffer->dtype)) elements = (elements + 1) / 2;
  Line(type + " " + name + "[" + std::to_string(std::max<int64_t>(elements, 1)) +
       "] __attribute__((aligned(64)));");
}

void Writer::View(const ir::ViewObj* view) {
  std::string type = StorageType(view->buffer->dtype);
  std::string source = Name(view->source);
  if (view->source.IsScope(ir::scope::kVar)) source = "&" + source;
  Line(type + "* const " + Name(view->buffer) + " = (" + type + "*)" + source + ";");
}

void Writer::DeclTensor(const ir::DeclTensorObj* tensor) {
  std::string type = StorageType(tensor->buffer->dtype);
  Line(type + "* const " + Name(tensor->buffer) + " = (" + type + "*)(intptr_t)(" +
       Expr(tensor->address) + ");");
}

// A narrow floating value that is only moved, as its stored bits: no conversion there and back.
std::optional<std::string> Writer::StoredBits(const ir::Expr& e) {
  if (!IsNarrowFloat(e.dtype())) return std::nullopt;
  if (const auto* load = e.as<ir::LoadObj>()) {
    if (load->buffer.IsScope(ir::scope::kVar)) return std::nullopt;
    return Name(load->buffer) + "[" + Offset(load->buffer, load->indices) + "]";
  }
  const auto* imm = e.as<ir::FloatImmObj>();
  if (imm && imm->value == 0 && !std::signbit(imm->value)) return "0";
  const auto* select = e.as<ir::SelectObj>();
  if (!select) return std::nullopt;
  auto a = StoredBits(select->a), b = StoredBits(select->b);
  if (!a || !b) return std::nullopt;
  return "(" + Expr(select->cond) + " ? " + *a + " : " + *b + ")";
}

void Writer::Store(const ir::StoreObj* store) {
  const ir::Buffer& buffer = store->buffer;
  ir::DType t = buffer->dtype;
  if (auto bits = StoredBits(store->value); bits && !buffer.IsScope(ir::scope::kVar)) {
    Line(Name(buffer) + "[" + Offset(buffer, store->indices) + "] = " + *bits + ";");
    return;
  }
  std::string value = Convert(Expr(store->value), store->value.dtype(), t);
  if (buffer.IsScope(ir::scope::kVar)) {
    Line(Name(buffer) + " = " + value + ";");
    return;
  }
  std::string offset = Offset(buffer, store->indices);
  if (IsPacked(t)) {
    Line(Use("ts_store_" + Suffix(t)) + "(" + Name(buffer) + ", " + offset + ", " + value + ");");
    return;
  }
  if (IsNarrowFloat(t)) {
    // Rounding a value for the operation that computed it and again for the store is one rounding.
    std::string round = "ts_round_" + Suffix(t) + "(";
    std::string call = Use("ts_store_" + Suffix(t)) + "(";
    bool rounds = value.rfind(round, 0) == 0 && MatchesWholeCall(value, round.size() - 1);
    value = rounds ? call + value.substr(round.size()) : call + value + ")";
  }
  Line(Name(buffer) + "[" + offset + "] = " + value + ";");
}

bool MatchesWholeCall(const std::string& text, size_t open) {
  int depth = 0;
  for (size_t i = open; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')' && --depth == 0) return i + 1 == text.size();
  }
  return false;
}

void Writer::If(const ir::IfObj* branch) {
  std::string cond = WithoutParentheses(Expr(branch->cond), branch->cond);
  Line("if (" + cond + ") {");
  ++indent_;
  Stmt(branch->then_body);
  --indent_;
  if (branch->else_body.has_value()) {
    Line("} else {");
    ++indent_;
    Stmt(branch->else_body.value());
    --indent_;
  }
  Line("}");
}

void Writer::LoopHints(const ir::ForObj* loop) {
  if (loop->attrs.count("independent")) Line(Use("TS_INDEPENDENT"));
  auto reduction = loop->attrs.find("reduction");
  if (reduction != loop->attrs.end()) {
    auto acc = loop->attrs.at("accumulator").cast<ir::Buffer>();
    Line("_Pragma(\"omp simd reduction(" + (*reduction).second.cast<std::string>() + ":" +
         Name(acc) + ")\")");
  }
  const int64_t* count = ir::AsConstInt(loop->extent);
  bool unrolls = loop->kind == ir::ForKind::kUnroll && count && *count > 0 && *count <= 64;
  if (unrolls) Line("_Pragma(\"GCC unroll " + std::to_string(*count) + "\")");
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

void Writer::While(const ir::WhileObj* loop) {
  Block("while (" + WithoutParentheses(Expr(loop->cond), loop->cond) + ")",
        [&] { Stmt(loop->body); });
}

}  // namespace tilescale::codegen::cpu
