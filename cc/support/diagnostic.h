#ifndef TILESCALE_CC_SUPPORT_DIAGNOSTIC_H_
#define TILESCALE_CC_SUPPORT_DIAGNOSTIC_H_

#include <sstream>
#include <string>

namespace tilescale::support {

/// Where in the user's program; all zero / empty when unknown. `chain` holds the macro calls that
/// inlined the code, innermost first, as "file:line:col" separated by newlines.
struct SourceLocation {
  std::string file;
  int64_t line = 0;
  int64_t col = 0;
  int64_t end_line = 0;
  int64_t end_col = 0;
  std::string chain;
};

/// A mistake of the user, thrown as a tvm-ffi error whose kind is the name of a class of
/// `tilescale/errors.py` and whose message is the JSON object that class understands.
///
///   UserError("GemmShapeError").Message("...").Expected("...").Got("...").Remedy("...")
///       .At(ToLocation(span)).Throw();
class UserError {
 public:
  explicit UserError(std::string kind) : kind_(std::move(kind)) {}
  UserError& Message(std::string text) { return Set(&message_, std::move(text)); }
  UserError& Expected(std::string text) { return Set(&expected_, std::move(text)); }
  UserError& Got(std::string text) { return Set(&got_, std::move(text)); }
  UserError& Remedy(std::string text) { return Set(&remedy_, std::move(text)); }
  UserError& At(SourceLocation location) {
    location_ = std::move(location);
    return *this;
  }
  [[noreturn]] void Throw() const;

 private:
  UserError& Set(std::string* field, std::string text) {
    *field = std::move(text);
    return *this;
  }
  std::string kind_, message_, expected_, got_, remedy_;
  SourceLocation location_;
};

/// A broken promise inside the compiler: thrown as `InternalError` with the C++ position.
[[noreturn]] void ThrowInternal(const char* file, int line, const std::string& message);

}  // namespace tilescale::support

/// TILESCALE_CHECK(cond) << ... is for what the compiler itself must guarantee, never for user
/// input.
#define TILESCALE_CHECK(cond, message)                                                   \
  do {                                                                                   \
    if (!(cond)) {                                                                       \
      std::ostringstream tilescale_check_os;                                             \
      tilescale_check_os << "`" #cond "` does not hold: " << message;                    \
      ::tilescale::support::ThrowInternal(__FILE__, __LINE__, tilescale_check_os.str()); \
    }                                                                                    \
  } while (false)
#define TILESCALE_FAIL(message)                                                        \
  do {                                                                                 \
    std::ostringstream tilescale_check_os;                                             \
    tilescale_check_os << message;                                                     \
    ::tilescale::support::ThrowInternal(__FILE__, __LINE__, tilescale_check_os.str()); \
  } while (false)

#endif  // TILESCALE_CC_SUPPORT_DIAGNOSTIC_H_
