#ifndef TILESCALE_CC_CODEGEN_COMMON_WRITER_H_
#define TILESCALE_CC_CODEGEN_COMMON_WRITER_H_

#include <functional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "cc/codegen/common/kernel.h"
#include "cc/ir/function.h"
#include "cc/lower/common/context.h"

namespace tilescale::codegen {

namespace ffi = tvm::ffi;

/// Floating types narrower than 32 bits: every operation is rounded to them.
bool IsNarrowFloat(ir::DType t);
/// int4 and uint4: two elements in a byte, the first in the low bits.
bool IsPacked(ir::DType t);
/// Short name in helpers: "f16", "bf16", "e4m3", "i32", "u4", "b".
std::string Suffix(ir::DType t);
/// `text` inside a string literal.
std::string EscapeText(const std::string& text);
/// Whether the parenthesis at `open` is closed by the last character.
bool MatchesWholeCall(const std::string& text, size_t open);
/// `text` with each "$x" of a one-letter key replaced: Fill("$t f($t a)", {{'t', "int"}}).
std::string FillTemplate(const std::string& text,
                         const std::vector<std::pair<char, std::string>>& values);

/// Writes statements and expressions of one lowered kernel in a language like C; what targets do
/// differently is virtual.
///
/// An expression becomes text of the value type (`ValueType`) of its dtype, whose value is
/// representable in the dtype itself. Intrinsics are written by the emitters that are registered
/// for them.
class Writer {
 public:
  /// `arena`: the name of the memory in which `offsets` places buffers.
  Writer(const lower::Context& context, const std::set<std::string>& reserved, std::string arena,
         Offsets offsets)
      : context_(context),
        arena_(std::move(arena)),
        offsets_(std::move(offsets)),
        taken_(reserved) {}
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  virtual ~Writer() = default;

  std::string Expr(const ir::Expr& e);
  void Stmt(const ir::Stmt& s);

  /// Writes one line of code at the present indentation.
  void Line(const std::string& code);
  /// Writes "head {", what `body` writes, and "}".
  void Block(const std::string& head, const std::function<void()>& body);

  /// The name of a variable or buffer: the user's name, made unique and legal.
  std::string Name(const ir::Var& var) { return NameOf(var, std::string(var->name)); }
  std::string Name(const ir::Buffer& buffer) { return NameOf(buffer, std::string(buffer->name)); }

  /// The element's position from the start of the buffer.
  std::string Offset(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& indices);
  /// A pointer to the element, to the byte that holds it for packed types.
  std::string Address(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& indices);
  /// `x`, of type `from`, as a value of type `to`.
  std::string Convert(const std::string& x, ir::DType from, ir::DType to);

  /// How an element is stored, and how a value is computed with ("float" for all floating types up
  /// to 32 bits, "int8_t" for int4).
  virtual std::string StorageType(ir::DType t) = 0;
  virtual std::string ValueType(ir::DType t) = 0;
  /// The value of the element at an offset.
  virtual std::string LoadAt(const ir::Buffer& buffer, const std::string& offset) = 0;
  /// The float or double `x` (by `from`) rounded once to a narrow floating type.
  virtual std::string Round(const std::string& x, ir::DType from, ir::DType to) = 0;
  /// A function that the language lacks: floordiv, floormod, truncdiv, truncmod, min, max, abs.
  virtual std::string Function(const std::string& name, ir::DType t,
                               const std::vector<std::string>& arguments) = 0;
  virtual std::string PointerCast(const std::string& type, const std::string& x) = 0;

  const std::string& text() const { return text_; }
  const lower::Context& context() const { return context_; }
  const ir::Span& span() const { return span_; }

 protected:
  /// The value conversion "type(x)" or "(type)x".
  virtual std::string Cast(const std::string& type, const std::string& x) = 0;
  virtual std::string FloatToInt(const std::string& x, ir::DType from, ir::DType to) = 0;
  virtual std::string BoolConst(bool value) = 0;
  /// A positive infinity or a NaN.
  virtual std::string NonFinite(bool nan, bool is_double) = 0;
  virtual std::string Comment(const std::string& text) = 0;
  /// The declaration of an array of a thread's own.
  virtual std::string Array(const std::string& type, const std::string& name, int64_t count) = 0;
  /// The declaration of a scalar without a first value.
  virtual std::string Scalar(const std::string& type, const std::string& name) = 0;
  virtual void StoreAt(const ir::StoreObj* store, const std::string& offset) = 0;
  /// What the language is told about the loop that follows.
  virtual void LoopHints(const ir::ForObj* loop) = 0;
  virtual std::string Call(const ir::CallObj* call) = 0;
  /// Strides in elements.
  virtual std::vector<ir::Expr> Strides(const ir::Buffer& buffer);
  /// The type in which the position of an element is computed.
  virtual ir::DType OffsetType(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& indices);
  /// Elements between neighbours along a dimension, in that type.
  virtual ir::Expr Stride(const ir::Buffer& buffer, size_t dimension, ir::DType type);

 private:
  std::string NameOf(const ffi::ObjectRef& object, const std::string& hint);
  std::string IntConst(const ir::IntImmObj* imm);
  std::string FloatConst(const ir::FloatImmObj* imm);
  std::string Binary(const ir::BinaryObj* op);
  std::string BinaryBySymbol(const ir::BinaryObj* op);
  std::string Divide(const ir::BinaryObj* op);
  std::string FloatDivide(const ir::BinaryObj* op);
  std::string WrapTo(const std::string& x, ir::DType t);

  void MarkSource(const ir::Span& span);
  void Declare(const ir::AllocObj* alloc);
  void Pointer(const ir::Buffer& buffer, const std::string& address);
  void Store(const ir::StoreObj* store);
  void Evaluate(const ir::Expr& value);
  void If(const ir::IfObj* branch);
  void For(const ir::ForObj* loop);

  const lower::Context& context_;
  std::string arena_;
  Offsets offsets_;
  std::string text_;
  int indent_ = 1;
  // Holds the objects, so that no address is used twice.
  std::unordered_map<const ffi::Object*, std::pair<ffi::ObjectRef, std::string>> names_;
  std::set<std::string> taken_;
  ir::Span span_;
  int64_t marked_line_ = 0;
};

}  // namespace tilescale::codegen

#endif  // TILESCALE_CC_CODEGEN_COMMON_WRITER_H_
