#include "cc/ir/parser.h"

#include <tvm/ffi/reflection/accessor.h>

#include <map>
#include <vector>

#include "cc/ir/expr_parser.h"
#include "cc/ir/lexer.h"
#include "cc/ir/schedule.h"
#include "cc/support/diagnostic.h"

namespace tilescale::ir {
namespace {

namespace refl = ffi::reflection;

class Parser {
 public:
  explicit Parser(const std::string& text) : lex_(text), expr_(&lex_) {}

  Module ParseModule() {
    ffi::Map<ffi::String, PrimFunc> functions;
    do {
      PrimFunc f = Function();
      functions.Set(f->name, f);
    } while (lex_.Peek().kind != TokenKind::kEnd);
    return Module(functions);
  }

 private:
  PrimFunc Function() {
    lex_.Expect("func");
    std::string name = lex_.Take(TokenKind::kName, "the function's name");
    expr_.PushScope();
    ffi::Array<Var> symbols;
    lex_.Expect("[");
    while (!lex_.Is("]")) {
      symbols.push_back(expr_.VarDecl());
      if (!lex_.Accept(",")) break;
    }
    lex_.Expect("]");
    ffi::Array<ffi::Any> params;
    ffi::Array<ffi::String> roles;
    lex_.Expect("(");
    while (!lex_.Is(")")) {
      params.push_back(Parameter());
      roles.push_back(lex_.Take(TokenKind::kName, "a role"));
      if (!lex_.Accept(",")) break;
    }
    lex_.Expect(")");
    AttrMap attrs = expr_.Attrs();
    Stmt body = Block();
    expr_.PopScope();
    return PrimFunc(name, symbols, params, roles, body, attrs);
  }

  // A tensor has brackets after its dtype, a scalar has not. A scalar that is a symbol was declared
  // with the symbols.
  ffi::Any Parameter() {
    Lexer::Mark saved = lex_.Here();
    lex_.Take(TokenKind::kName, "a parameter");
    lex_.Expect(":");
    lex_.Take(TokenKind::kName, "a dtype");
    bool tensor = lex_.Is("[");
    lex_.Rewind(saved);
    if (tensor) return expr_.BufferDecl();
    return expr_.VarUseOrDecl();
  }

  ffi::Array<Stmt> Statements() {
    ffi::Array<Stmt> stmts;
    expr_.PushScope();
    lex_.Expect("{");
    while (!lex_.Is("}")) stmts.push_back(Statement());
    lex_.Expect("}");
    expr_.PopScope();
    return stmts;
  }

  Stmt Block() {
    ffi::Array<Stmt> stmts = Statements();
    return stmts.size() == 1 ? stmts[0] : Seq(stmts);
  }

  using Method = Stmt (Parser::*)();
  static const std::map<std::string, Method>& Keywords() {
    static const std::map<std::string, Method> keywords = {
        {"seq", &Parser::Sequence},      {"var", &Parser::Binding},
        {"alloc", &Parser::Allocation},  {"view", &Parser::Alias},
        {"tensor", &Parser::Tensor},     {"eval", &Parser::Effect},
        {"if", &Parser::Branch},         {"parallel", &Parser::ParallelLoop},
        {"grid", &Parser::Grid},         {"while", &Parser::Repeat},
        {"break", &Parser::Leave},       {"continue", &Parser::Next},
        {"assume", &Parser::Assumption}, {"annotate", &Parser::Annotation},
        {"pipeline", &Parser::Staged}};
    return keywords;
  }

  Stmt Statement() {
    if (lex_.Peek().kind != TokenKind::kName) lex_.Fail("a statement");
    std::string word = lex_.Peek().text;
    auto it = Keywords().find(word);
    if (it != Keywords().end()) {
      lex_.Next();
      return (this->*it->second)();
    }
    for (ForKind kind :
         {ForKind::kSerial, ForKind::kUnroll, ForKind::kVectorized, ForKind::kPipelined}) {
      if (word == ForKindName(kind)) return Loop(kind);
    }
    Lexer::Mark saved = lex_.Here();
    lex_.Next();
    bool call = lex_.Is("(");
    lex_.Rewind(saved);
    return call ? TileOperator() : Assignment();
  }

  Stmt Sequence() { return Seq(Statements()); }
  Stmt Binding() {
    // The variable is declared after its value is read: `x` in the value is an outer `x`.
    Lexer::Mark start = lex_.Here();
    lex_.Take(TokenKind::kName, "a name");
    lex_.Expect(":");
    lex_.Take(TokenKind::kName, "a dtype");
    lex_.Expect("=");
    Expr value = expr_.Expression();
    Lexer::Mark end = lex_.Here();
    lex_.Rewind(start);
    Var var = expr_.VarDecl();
    lex_.Rewind(end);
    return Bind(var, value);
  }
  Stmt Allocation() {
    Buffer buffer = expr_.BufferDecl();
    ffi::Optional<Expr> init;
    if (lex_.Accept("=")) init = expr_.Expression();
    return Alloc(buffer, init);
  }
  Stmt Alias() {
    Buffer buffer = expr_.BufferDecl();
    lex_.Expect("=");
    return View(buffer, expr_.BufferUse());
  }
  Stmt Tensor() {
    Buffer buffer = expr_.BufferDecl();
    lex_.Expect("=");
    return DeclTensor(buffer, expr_.Expression());
  }
  Stmt Effect() { return Evaluate(expr_.Expression()); }
  Stmt Assignment() {
    Buffer buffer = expr_.BufferUse();
    ffi::Array<Expr> indices = expr_.Indices();
    lex_.Expect("=");
    return Store(buffer, indices, expr_.Expression());
  }
  Stmt Branch() {
    Expr cond = expr_.Expression();
    Stmt then_body = Block();
    ffi::Optional<Stmt> else_body;
    if (lex_.Accept("else")) else_body = Block();
    return If(cond, then_body, else_body);
  }
  Stmt Loop(ForKind kind) {
    lex_.Next();
    expr_.PushScope();
    Var var = expr_.VarDecl();
    lex_.Expect("in");
    ffi::Array<Expr> range = expr_.List("(", ")");
    if (range.size() != 3) lex_.Fail("(min, extent, step) before this");
    AttrMap attrs = expr_.Attrs();
    Stmt body = Block();
    expr_.PopScope();
    return For(var, range[0], range[1], range[2], kind, body, attrs);
  }
  Stmt Staged() {
    expr_.PushScope();
    Var var = expr_.VarDecl();
    lex_.Expect("in");
    ffi::Array<Expr> range = expr_.List("(", ")");
    if (range.size() != 3) lex_.Fail("(min, extent, step) before this");
    lex_.Expect("stages");
    auto stages = expr_.Value().cast<ffi::Array<int64_t>>();
    lex_.Expect("order");
    auto order = expr_.Value().cast<ffi::Array<int64_t>>();
    lex_.Expect("atoms");
    auto atoms = expr_.Value().cast<ffi::Array<ffi::String>>();
    lex_.Expect("channels");
    ffi::Array<Channel> channels = Channels();
    AttrMap attrs = expr_.Attrs();
    Stmt body = Block();
    expr_.PopScope();
    return Pipeline(var, range[0], range[1], range[2], stages, order, atoms, channels, body, attrs);
  }
  ffi::Array<Channel> Channels() {
    ffi::Array<Channel> channels;
    lex_.Expect("(");
    while (!lex_.Is(")")) {
      Buffer buffer = expr_.BufferUse();
      lex_.Expect(":");
      channels.push_back(Channel(buffer, std::stoll(lex_.Take(TokenKind::kNumber, "a depth"))));
      if (!lex_.Accept(",")) break;
    }
    lex_.Expect(")");
    return channels;
  }
  void Box(ffi::Array<Var>* vars, ffi::Array<Expr>* extents) {
    lex_.Expect("(");
    while (!lex_.Is(")")) {
      vars->push_back(expr_.VarDecl());
      lex_.Expect("<");
      extents->push_back(expr_.Expression());
      if (!lex_.Accept(",")) break;
    }
    lex_.Expect(")");
  }
  Stmt ParallelLoop() {
    ffi::Array<Var> vars;
    ffi::Array<Expr> extents;
    expr_.PushScope();
    Box(&vars, &extents);
    AttrMap attrs = expr_.Attrs();
    Stmt body = Block();
    expr_.PopScope();
    return Parallel(vars, extents, body, attrs);
  }
  Stmt Grid() {
    ffi::Array<Var> vars;
    ffi::Array<Expr> extents;
    expr_.PushScope();
    Box(&vars, &extents);
    lex_.Expect("threads");
    ffi::Array<Expr> threads = expr_.List("(", ")");
    AttrMap attrs = expr_.Attrs();
    Stmt body = Block();
    expr_.PopScope();
    return TileLoop(vars, extents, threads, body, attrs);
  }
  Stmt Repeat() {
    Expr cond = expr_.Expression();
    return While(cond, Block());
  }
  Stmt Leave() { return Break(); }
  Stmt Next() { return Continue(); }
  Stmt Assumption() { return Assume(expr_.Expression()); }
  Stmt Annotation() {
    std::string key = lex_.Take(TokenKind::kString, "a quoted key");
    ffi::Optional<Buffer> target;
    if (!lex_.Accept("none")) target = expr_.BufferUse();
    lex_.Expect("=");
    return Annotate(key, target, expr_.Value());
  }

  // Constructors of tile operators take their own fields in order, then attrs and span.
  Stmt TileOperator() {
    std::string name = "tilescale.op." + lex_.Next().text;
    TVMFFIByteArray key{name.data(), name.size()};
    int32_t index = 0;
    if (TVMFFITypeKeyToIndex(&key, &index) != 0) lex_.Fail("a known tile operator before this");
    std::vector<ffi::Any> args;
    lex_.Expect("(");
    while (!lex_.Is(")")) {
      lex_.Take(TokenKind::kName, "a field");
      lex_.Expect("=");
      args.push_back(expr_.Value());
      if (!lex_.Accept(",")) break;
    }
    lex_.Expect(")");
    args.push_back(expr_.Attrs());
    args.push_back(nullptr);
    return Construct(index, args);
  }

  static Stmt Construct(int32_t type_index, const std::vector<ffi::Any>& args) {
    static refl::TypeAttrColumn column("__ffi_init__");
    auto init = column[type_index].as<ffi::Function>();
    TILESCALE_CHECK(init.has_value(), "a tile operator without constructor");
    std::vector<ffi::AnyView> views(args.begin(), args.end());
    ffi::Any result;
    init->CallPacked(views.data(), static_cast<int32_t>(views.size()), &result);
    return result.cast<Stmt>();
  }

  Lexer lex_;
  ExprParser expr_;
};

}  // namespace

Module Parse(const std::string& text) { return Parser(text).ParseModule(); }

}  // namespace tilescale::ir
