#include "cc/codegen/common/call_emitter.h"

#include <map>

#include "cc/ir/span.h"
#include "cc/support/diagnostic.h"

namespace tilescale::codegen {
namespace {

// Filled while the library is loaded, read only afterwards.
std::map<std::pair<Target, std::string>, CallEmitter>& Emitters() {
  static std::map<std::pair<Target, std::string>, CallEmitter> emitters;
  return emitters;
}

}  // namespace

bool RegisterCallEmitter(Target target, const std::string& intrinsic, CallEmitter emit) {
  bool added = Emitters().emplace(std::pair(target, intrinsic), std::move(emit)).second;
  TILESCALE_CHECK(added, "the emitter of " << intrinsic << " is registered twice");
  return true;
}

std::string EmitCall(Target target, Writer* writer, const ir::CallObj* call) {
  std::string name(call->op);
  auto it = Emitters().find(std::pair(target, name));
  if (it == Emitters().end()) ThrowNotOnTarget(*writer, "T." + name);
  return it->second(writer, call);
}

std::string Arg(Writer* w, const ir::CallObj* call, int i) {
  return w->Expr(ir::Call::Arg(call, i));
}

std::string Attr(const ir::CallObj* call, const char* key, const char* otherwise) {
  auto it = call->attrs.find(key);
  return it == call->attrs.end() ? otherwise : std::string((*it).second.cast<ffi::String>());
}

void ThrowNotOnTarget(const Writer& writer, const std::string& what) {
  const std::string& target = writer.context().target;
  support::UserError("IntrinsicNotOnTargetError")
      .Message("`" + what + "` is not available on the " + target + " target")
      .Expected("what the " + target + " target has")
      .Got(what)
      .Remedy("use T.exp, T.sqrt, ... from the documented list, or another target")
      .At(ir::ToLocation(writer.span()))
      .Throw();
}

}  // namespace tilescale::codegen
