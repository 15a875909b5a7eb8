#ifndef TILESCALE_CC_CODEGEN_CUDA_WRITER_H_
#define TILESCALE_CC_CODEGEN_CUDA_WRITER_H_

#include <functional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "cc/codegen/common/call_emitter.h"
#include "cc/codegen/common/writer.h"
#include "cc/lower/cuda/context.h"

namespace tilescale::codegen::cuda {

/// Writes one thread's program as CUDA C++.
class Writer : public codegen::Writer {
 public:
  Writer(const lower::cuda::Context& context, Offsets shared);

  /// "ts::half_t" for float16, "uint8_t" for bool.
  std::string StorageType(ir::DType t) override;
  std::string ValueType(ir::DType t) override;
  std::string LoadAt(const ir::Buffer& buffer, const std::string& offset) override;
  std::string Round(const std::string& x, ir::DType from, ir::DType to) override;
  std::string Function(const std::string& name, ir::DType t,
                       const std::vector<std::string>& arguments) override;
  std::string PointerCast(const std::string& type, const std::string& x) override;

  /// Marks a helper function as used and gives its name: see helpers.cc.
  const std::string& Use(const std::string& helper);
  /// How many bytes of the buffer may be touched, from its first element to behind its last.
  std::string Bytes(const ir::Buffer& buffer);
  const std::set<std::string>& helpers() const { return helpers_; }
  /// Tensors, and views of them, each element of which has a 32-bit offset if the launch checks the
  /// tensor parameter that it maps to.
  void SetParameters(std::unordered_map<const ir::BufferObj*, const ir::BufferObj*> parameters) {
    parameters_ = std::move(parameters);
  }
  /// The tensor parameters for which the launch must check that.
  const std::unordered_set<const ir::BufferObj*>& narrow() const { return narrow_; }
  const lower::cuda::Context& cuda() const { return cuda_; }

 protected:
  std::string Cast(const std::string& type, const std::string& x) override;
  std::string FloatToInt(const std::string& x, ir::DType from, ir::DType to) override;
  std::string BoolConst(bool value) override { return value ? "true" : "false"; }
  std::string NonFinite(bool nan, bool is_double) override;
  std::string Comment(const std::string& text) override { return "// " + text; }
  std::string Array(const std::string& type, const std::string& name, int64_t count) override;
  std::string Scalar(const std::string& type, const std::string& name) override;
  void StoreAt(const ir::StoreObj* store, const std::string& offset) override;
  void LoopHints(const ir::ForObj* loop) override;
  std::string Call(const ir::CallObj* call) override;
  ir::DType OffsetType(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& indices) override;
  ir::Expr Stride(const ir::Buffer& buffer, size_t dimension, ir::DType type) override;

 private:
  const lower::cuda::Context& cuda_;
  std::set<std::string> helpers_;
  std::unordered_map<const ir::BufferObj*, const ir::BufferObj*> parameters_;
  std::unordered_set<const ir::BufferObj*> narrow_;
  // The address that is being written may lie outside: the instruction has the guard.
  bool outside_ = false;
};

/// The name of a kernel's function: the user's, unless C++ or CUDA has another use for it.
std::string KernelSymbol(const std::string& name);

/// The functions that were marked as used, in the order of their definition.
std::string HelperText(const std::set<std::string>& used);

/// Writes a call of one intrinsic as an expression.
using CallEmitter = std::function<std::string(Writer*, const ir::CallObj*)>;
/// Registers the emitter of an intrinsic for CUDA at static-initialisation time.
bool RegisterCallEmitter(const std::string& intrinsic, CallEmitter emit);

}  // namespace tilescale::codegen::cuda

#endif  // TILESCALE_CC_CODEGEN_CUDA_WRITER_H_
