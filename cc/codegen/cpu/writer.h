#ifndef TILESCALE_CC_CODEGEN_CPU_WRITER_H_
#define TILESCALE_CC_CODEGEN_CPU_WRITER_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cc/codegen/common/launch.h"
#include "cc/codegen/common/writer.h"
#include "cc/codegen/cpu/prelude.h"

namespace tilescale::codegen::cpu {

/// Writes C.
class Writer : public codegen::Writer {
 public:
  Writer(const lower::Context& context, Offsets scratch);

  const std::string& Use(const std::string& helper) { return prelude_.Use(helper); }
  std::string StorageType(ir::DType t) override;
  std::string ValueType(ir::DType t) override;
  std::string LoadAt(const ir::Buffer& buffer, const std::string& offset) override;
  std::string Round(const std::string& x, ir::DType from, ir::DType to) override;
  std::string Function(const std::string& name, ir::DType t,
                       const std::vector<std::string>& arguments) override;
  std::string PointerCast(const std::string& type, const std::string& x) override;

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

 protected:
  std::string Cast(const std::string& type, const std::string& x) override;
  std::string FloatToInt(const std::string& x, ir::DType from, ir::DType to) override;
  std::string BoolConst(bool value) override { return value ? "1" : "0"; }
  std::string NonFinite(bool nan, bool is_double) override;
  std::string Comment(const std::string& text) override { return "/* " + text + " */"; }
  std::string Array(const std::string& type, const std::string& name, int64_t count) override;
  std::string Scalar(const std::string& type, const std::string& name) override;
  void StoreAt(const ir::StoreObj* store, const std::string& offset) override;
  void LoopHints(const ir::ForObj* loop) override;
  std::string Call(const ir::CallObj* call) override;
  std::vector<ir::Expr> Strides(const ir::Buffer& buffer) override;

 private:
  std::optional<std::string> StoredBits(const ir::Expr& e);

  Prelude prelude_;
  std::vector<Site> sites_;
  bool needs_rng_ = false;
  bool needs_line_ = false;
};

/// Writes a call of one intrinsic as a C expression.
using CallEmitter = std::function<std::string(Writer*, const ir::CallObj*)>;
/// Registers the emitter of an intrinsic for C at static-initialisation time.
bool RegisterCallEmitter(const std::string& intrinsic, CallEmitter emit);

}  // namespace tilescale::codegen::cpu

#endif  // TILESCALE_CC_CODEGEN_CPU_WRITER_H_
