#include "cc/ir/printer.h"

#include <tvm/ffi/cast.h>
#include <tvm/ffi/reflection/accessor.h>

#include <functional>
#include <unordered_map>

#include "cc/ir/expr_printer.h"
#include "cc/ir/schedule.h"
#include "cc/support/diagnostic.h"

namespace tilescale::ir {
namespace {

namespace refl = ffi::reflection;

class Printer {
 public:
  explicit Printer(const PrintOptions& options) : options_(options) {}

  std::string Text(const ffi::Any& node) {
    if (auto func = node.as<PrimFunc>()) {
      Function(*func);
    } else if (auto module = node.as<Module>()) {
      for (const auto& [name, func] : (*module)->functions) Function(func);
    } else if (auto stmt = node.as<Stmt>()) {
      Statement(*stmt);
    } else if (auto buffer = node.as<Buffer>()) {
      return expr_.Declaration(*buffer);
    } else {
      return expr_.Value(node);
    }
    return out_;
  }

 private:
  void Line(const std::string& text, const Span& span) {
    out_ += std::string(2 * static_cast<size_t>(depth_), ' ') + text;
    if (options_.spans && span.defined()) {
      out_ += "  ; " + std::string(span->file) + ":" + std::to_string(span->line);
    }
    out_ += '\n';
  }

  // Prints `head {`, the statements of `body` indented, and `tail`.
  void Block(const std::string& head, const Stmt& body, const Span& span,
             const std::string& tail = "}") {
    Line(head + " {", span);
    ++depth_;
    Body(body);
    --depth_;
    Line(tail, Span());
  }

  // The braces of a block are those of a sequence; a sequence of one statement needs its own, to
  // be told from the statement alone.
  void Body(const Stmt& body) {
    const auto* seq = body.as<SeqObj>();
    if (!seq || seq->stmts.size() == 1) return Statement(body);
    for (const Stmt& s : seq->stmts) Statement(s);
  }

  void Function(const PrimFunc& f) {
    std::string symbols, params;
    for (const Var& v : f->symbols) symbols += (symbols.empty() ? "" : ", ") + Typed(v);
    for (size_t i = 0; i < f->params.size(); ++i) {
      auto buffer = f->params[i].as<Buffer>();
      std::string decl = buffer ? expr_.Declaration(*buffer) : Typed(f->params[i].cast<Var>());
      params += (params.empty() ? "" : ", ") + decl + " " + std::string(f->roles[i]);
    }
    Block("func " + std::string(f->name) + " [" + symbols + "] (" + params + ")" +
              expr_.Attrs(f->attrs),
          f->body, f->span);
  }

  std::string Typed(const Var& v) { return expr_.Name(v) + ": " + dtype::Name(v.dtype()); }

  void Statement(const Stmt& s) {
    if (const auto* op = s.as<TileOpObj>()) return TileOperator(op);
    const auto& table = Handlers();
    auto it = table.find(s->type_index());
    TILESCALE_CHECK(it != table.end(), "cannot print " << s->GetTypeKey());
    it->second(this, s);
  }

  template <typename T>
  using Method = void (Printer::*)(const T*);
  using Handler = std::function<void(Printer*, const Stmt&)>;

  template <typename T>
  static std::pair<int32_t, Handler> On(Method<T> method) {
    return {T::RuntimeTypeIndex(),
            [method](Printer* self, const Stmt& s) { (self->*method)(s.as<T>()); }};
  }

  static const std::unordered_map<int32_t, Handler>& Handlers() {
    static const std::unordered_map<int32_t, Handler> handlers = {
        On<SeqObj>(&Printer::Sequence),      On<BindObj>(&Printer::Binding),
        On<AllocObj>(&Printer::Allocation),  On<ViewObj>(&Printer::Alias),
        On<DeclTensorObj>(&Printer::Tensor), On<StoreObj>(&Printer::Assignment),
        On<EvaluateObj>(&Printer::Effect),   On<IfObj>(&Printer::Branch),
        On<ForObj>(&Printer::Loop),          On<ParallelObj>(&Printer::ParallelLoop),
        On<WhileObj>(&Printer::Repeat),      On<BreakObj>(&Printer::Leave),
        On<ContinueObj>(&Printer::Next),     On<TileLoopObj>(&Printer::Grid),
        On<AssumeObj>(&Printer::Assumption), On<AnnotateObj>(&Printer::Annotation),
        On<PipelineObj>(&Printer::Staged)};
    return handlers;
  }

  void Sequence(const SeqObj* seq) {
    Line("seq {", seq->span);
    ++depth_;
    for (const Stmt& s : seq->stmts) Statement(s);
    --depth_;
    Line("}", Span());
  }
  void Binding(const BindObj* s) {
    // The value first: it cannot mention the variable, whose name is chosen after it.
    std::string value = expr_.Expression(s->value);
    Line("var " + Typed(s->var) + " = " + value, s->span);
  }
  void Allocation(const AllocObj* s) {
    std::string init = s->init ? " = " + expr_.Expression(*s->init) : "";
    Line("alloc " + expr_.Declaration(s->buffer) + init, s->span);
  }
  void Alias(const ViewObj* s) {
    Line("view " + expr_.Declaration(s->buffer) + " = " + expr_.Name(s->source), s->span);
  }
  void Tensor(const DeclTensorObj* s) {
    Line("tensor " + expr_.Declaration(s->buffer) + " = " + expr_.Expression(s->address), s->span);
  }
  void Assignment(const StoreObj* s) {
    Line(expr_.Name(s->buffer) + "[" + expr_.List(s->indices) + "] = " + expr_.Expression(s->value),
         s->span);
  }
  void Effect(const EvaluateObj* s) { Line("eval " + expr_.Expression(s->value), s->span); }
  void Branch(const IfObj* s) {
    Block("if " + expr_.Expression(s->cond), s->then_body, s->span,
          s->else_body ? "} else {" : "}");
    if (!s->else_body) return;
    ++depth_;
    Body(*s->else_body);
    --depth_;
    Line("}", Span());
  }
  void Loop(const ForObj* s) {
    Block(std::string(ForKindName(s->kind)) + " " + Typed(s->var) + " in (" +
              expr_.Expression(s->min) + ", " + expr_.Expression(s->extent) + ", " +
              expr_.Expression(s->step) + ")" + expr_.Attrs(s->attrs),
          s->body, s->span);
  }
  void Staged(const PipelineObj* s) {
    std::string channels;
    for (const Channel& channel : s->channels) {
      channels += (channels.empty() ? "" : ", ") + expr_.Name(channel->buffer) + ": " +
                  std::to_string(channel->depth);
    }
    Block("pipeline " + Typed(s->var) + " in (" + expr_.Expression(s->min) + ", " +
              expr_.Expression(s->extent) + ", " + expr_.Expression(s->step) + ") stages " +
              expr_.Value(s->stages) + " order " + expr_.Value(s->order) + " atoms " +
              expr_.Value(s->atoms) + " channels (" + channels + ")" + expr_.Attrs(s->attrs),
          s->body, s->span);
  }
  std::string Box(const ffi::Array<Var>& vars, const ffi::Array<Expr>& extents) {
    std::string text;
    for (size_t i = 0; i < vars.size(); ++i) {
      text += (i ? ", " : "") + Typed(vars[i]) + " < " + expr_.Expression(extents[i]);
    }
    return "(" + text + ")";
  }
  void ParallelLoop(const ParallelObj* s) {
    Block("parallel " + Box(s->vars, s->extents) + expr_.Attrs(s->attrs), s->body, s->span);
  }
  void Grid(const TileLoopObj* s) {
    Block("grid " + Box(s->vars, s->extents) + " threads (" + expr_.List(s->threads) + ")" +
              expr_.Attrs(s->attrs),
          s->body, s->span);
  }
  void Repeat(const WhileObj* s) { Block("while " + expr_.Expression(s->cond), s->body, s->span); }
  void Leave(const BreakObj* s) { Line("break", s->span); }
  void Next(const ContinueObj* s) { Line("continue", s->span); }
  void Assumption(const AssumeObj* s) { Line("assume " + expr_.Expression(s->cond), s->span); }
  void Annotation(const AnnotateObj* s) {
    std::string target = s->target ? expr_.Name(*s->target) : "none";
    Line("annotate " + Quoted(s->key) + " " + target + " = " + expr_.Value(s->value), s->span);
  }

  // `Copy(src = A[...], dst = B[...]) {attrs}`: the operator's own fields, by reflection.
  void TileOperator(const TileOpObj* op) {
    std::string key = op->GetTypeKey();
    std::string fields;
    auto node = ffi::GetRef<TileOp>(op);
    refl::ForEachFieldInfo(TVMFFIGetTypeInfo(op->type_index()), [&](const TVMFFIFieldInfo* info) {
      std::string name(info->name.data, info->name.size);
      if (name == "span" || name == "attrs") return;
      fields +=
          (fields.empty() ? "" : ", ") + name + " = " + expr_.Value(refl::FieldGetter(info)(node));
    });
    Line(key.substr(key.rfind('.') + 1) + "(" + fields + ")" + expr_.Attrs(op->attrs), op->span);
  }

  PrintOptions options_;
  PrintNames names_;
  ExprPrinter expr_{&names_};
  std::string out_;
  int depth_ = 0;
};

}  // namespace

std::string Print(const ffi::Any& node, const PrintOptions& options) {
  return Printer(options).Text(node);
}

}  // namespace tilescale::ir
