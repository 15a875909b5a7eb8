#ifndef TILESCALE_CC_CODEGEN_CUDA_WRITER_H_
#define TILESCALE_CC_CODEGEN_CUDA_WRITER_H_

#include <functional>
#include <map>
#include <set>
#include <string>
#include <unordered_map>

#include "cc/ir/function.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::codegen::cuda {

namespace ffi = tvm::ffi;

/// Where shared buffers lie in the block's dynamic shared memory, in bytes.
using SharedOffsets = std::unordered_map<const ir::BufferObj*, int64_t>;

/// How an element is stored: "ts::half_t" for float16, "uint8_t" for bool.
std::string StorageType(ir::DType t, const ir::Span& span);
/// How a value is computed with: "float" for all floating types up to 32 bits.
std::string ValueType(ir::DType t, const ir::Span& span);

/// Writes statements and expressions of one thread's program as CUDA C++.
///
/// An expression becomes text of the value type of its dtype, whose value is representable in the
/// dtype itself. Intrinsics are written by the emitters that are registered for them.
class Writer {
 public:
  Writer(const lower::cuda::Context& context, SharedOffsets shared)
      : context_(context), shared_(std::move(shared)) {}

  std::string Expr(const ir::Expr& e);
  void Stmt(const ir::Stmt& s);
  /// Writes one line of code at the present indentation.
  void Line(const std::string& code);

  /// The name of a variable or buffer: the user's name, made unique and legal.
  std::string Name(const ir::Var& var) { return NameOf(var, std::string(var->name)); }
  std::string Name(const ir::Buffer& buffer) { return NameOf(buffer, std::string(buffer->name)); }
  /// A pointer to the element.
  std::string Address(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& indices);
  /// `x`, of type `from`, as a value of type `to`.
  std::string Convert(const std::string& x, ir::DType from, ir::DType to);
  /// The float or double `x` rounded once to a narrow floating type, as a float.
  std::string Round(const std::string& x, ir::DType to);
  /// Marks a helper function as used and gives its name: see helpers.cc.
  const std::string& Use(const std::string& helper);

  const std::set<std::string>& helpers() const { return helpers_; }
  const std::string& text() const { return text_; }
  const ir::Span& span() const { return span_; }

 private:
  std::string NameOf(const ffi::ObjectRef& object, const std::string& hint);
  std::string Offset(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& indices);
  std::string IntConst(const ir::IntImmObj* imm);
  std::string FloatConst(const ir::FloatImmObj* imm);
  std::string Binary(const ir::BinaryObj* op);
  std::string Call(const ir::CallObj* call);
  void MarkSource(const ir::Span& span);
  void Declare(const ir::AllocObj* alloc);
  void Pointer(const ir::Buffer& buffer, const std::string& address);
  void Store(const ir::StoreObj* store);
  void Evaluate(const ir::Expr& value);
  void If(const ir::IfObj* branch);
  void For(const ir::ForObj* loop);
  void Body(const ir::Stmt& body);

  const lower::cuda::Context& context_;
  SharedOffsets shared_;
  std::string text_;
  int indent_ = 1;
  // Holds the objects, so that no address is used twice.
  std::unordered_map<const ffi::Object*, std::pair<ffi::ObjectRef, std::string>> names_;
  std::set<std::string> taken_;
  std::set<std::string> helpers_;
  ir::Span span_;
  int64_t marked_line_ = 0;
};

/// The functions that were marked as used, in the order of their definition.
std::string HelperText(const std::set<std::string>& used);

/// Writes a call of one intrinsic as an expression.
using CallEmitter = std::function<std::string(Writer*, const ir::CallObj*)>;
/// Registers the emitter of an intrinsic for CUDA at static-initialisation time.
bool RegisterCallEmitter(const std::string& intrinsic, CallEmitter emit);
/// The emitter, or null.
const CallEmitter* FindCallEmitter(const std::string& intrinsic);

/// Throws `IntrinsicNotOnTargetError`.
[[noreturn]] void ThrowNotOnTarget(const std::string& what, const ir::Span& span);

}  // namespace tilescale::codegen::cuda

#endif  // TILESCALE_CC_CODEGEN_CUDA_WRITER_H_
