#ifndef TILESCALE_CC_CODEGEN_CPU_WRITER_H_
#define TILESCALE_CC_CODEGEN_CPU_WRITER_H_

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "cc/codegen/cpu/prelude.h"
#include "cc/ir/function.h"
#include "cc/lower/common/context.h"

namespace tilescale::codegen::cpu {

namespace ffi = tvm::ffi;

/// A place that can end a launch with an error: see `sites` in cc/runtime/README.md.
struct Site {
  std::string message;
  ir::Span span;
};

/// Where on-chip buffers lie in the scratch arena, in bytes.
using ScratchOffsets = std::unordered_map<const ir::BufferObj*, int64_t>;

/// Writes statements and expressions of one lowered kernel as C.
///
/// An expression becomes C text of the value type (`ValueType`) of its dtype, whose value is
/// representable in the dtype itself. Intrinsics are written by the emitters that are registered
/// for them.
class Writer {
 public:
  Writer(const lower::Context& context, ScratchOffsets scratch)
      : context_(context), scratch_(std::move(scratch)) {}

  std::string Expr(const ir::Expr& e);
  void Stmt(const ir::Stmt& s);

  /// Writes one line of code at the present indentation.
  void Line(const std::string& code);
  /// Writes "head {", what `body` writes, and "}".
  void Block(const std::string& head, const std::function<void()>& body);
  const std::string& Use(const std::string& helper) { return prelude_.Use(helper); }

  /// The C name of a variable or buffer: the user's name, made unique and legal.
  std::string Name(const ir::Var& var) { return NameOf(var, std::string(var->name)); }
  std::string Name(const ir::Buffer& buffer) { return NameOf(buffer, std::string(buffer->name)); }

  /// The element's position from the start of the buffer, an int64_t expression.
  std::string Offset(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& indices);
  /// A pointer to the element; not for packed types.
  std::string Address(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& indices);
  /// The value of the element at an offset.
  std::string LoadAt(const ir::Buffer& buffer, const std::string& offset);
  /// `x`, of type `from`, as a value of type `to`.
  std::string Convert(const std::string& x, ir::DType from, ir::DType to);
  /// The float or double `x` (by `from`) rounded once to a narrow floating type.
  std::string Round(const std::string& x, ir::DType from, ir::DType to);

  /// Registers a place that fails and gives its code.
  int AddSite(const std::string& message);
  /// Marks that the kernel draws random numbers.
  void NeedRng() { needs_rng_ = true; }

  /// Marks that the kernel prints.
  void NeedLine() { needs_line_ = true; }

  bool needs_line() const { return needs_line_; }
  bool needs_rng() const { return needs_rng_; }
  const Prelude& prelude() const { return prelude_; }
  const std::vector<Site>& sites() const { return sites_; }
  const std::string& text() const { return text_; }
  const lower::Context& context() const { return context_; }

 private:
  std::string NameOf(const ffi::ObjectRef& object, const std::string& hint);
  std::string IntConst(const ir::IntImmObj* imm);
  std::string FloatConst(const ir::FloatImmObj* imm);
  std::string Binary(const ir::BinaryObj* op);
  std::string BinaryBySymbol(const ir::BinaryObj* op);
  std::string Divide(const ir::BinaryObj* op);
  std::string FloatDivide(const ir::BinaryObj* op);
  std::string WrapTo(const std::string& x, ir::DType t);
  std::string Call(const ir::CallObj* call);

  void MarkSource(const ir::Span& span);
  void Declare(const ir::AllocObj* alloc);
  void View(const ir::ViewObj* view);
  void DeclTensor(const ir::DeclTensorObj* tensor);
  std::optional<std::string> StoredBits(const ir::Expr& e);
  void Store(const ir::StoreObj* store);
  void If(const ir::IfObj* branch);
  void For(const ir::ForObj* loop);
  void LoopHints(const ir::ForObj* loop);
  void While(const ir::WhileObj* loop);

  const lower::Context& context_;
  ScratchOffsets scratch_;
  Prelude prelude_;
  std::string text_;
  int indent_ = 1;
  // Holds the objects, so that no address is used twice.
  std::unordered_map<const ffi::Object*, std::pair<ffi::ObjectRef, std::string>> names_;
  std::set<std::string> taken_;
  std::vector<Site> sites_;
  ir::Span span_;
  int64_t marked_line_ = 0;
  bool needs_rng_ = false;
  bool needs_line_ = false;
};

/// `text` inside a C string literal.
std::string EscapeText(const std::string& text);
/// Whether the parenthesis at `open` is closed by the last character.
bool MatchesWholeCall(const std::string& text, size_t open);

/// Writes a call of one intrinsic as a C expression.
using CallEmitter = std::function<std::string(Writer*, const ir::CallObj*)>;
/// Registers the emitter of an intrinsic for C at static-initialisation time.
bool RegisterCallEmitter(const std::string& intrinsic, CallEmitter emit);
/// The emitter, or null.
const CallEmitter* FindCallEmitter(const std::string& intrinsic);

}  // namespace tilescale::codegen::cpu

#endif  // TILESCALE_CC_CODEGEN_CPU_WRITER_H_
