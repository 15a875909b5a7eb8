#include "cc/support/diagnostic.h"

#include <tvm/ffi/error.h>

#include "cc/support/json.h"

namespace tilescale::support {

void UserError::Throw() const {
  JsonWriter json;
  json.BeginObject();
  json.Field("message", message_);
  json.Field("expected", expected_);
  json.Field("got", got_);
  json.Field("remedy", remedy_);
  json.Field("file", location_.file);
  json.Field("line", location_.line);
  json.Field("col", location_.col);
  json.Field("end_line", location_.end_line);
  json.Field("end_col", location_.end_col);
  json.Field("chain", location_.chain);
  json.EndObject();
  throw tvm::ffi::Error(kind_, json.Text(), "");
}

void ThrowInternal(const char* file, int line, const std::string& message) {
  std::ostringstream os;
  os << file << ":" << line << ": " << message;
  throw tvm::ffi::Error("InternalError", os.str(), "");
}

}  // namespace tilescale::support
