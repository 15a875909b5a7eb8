#ifndef TILESCALE_CC_SUPPORT_JSON_H_
#define TILESCALE_CC_SUPPORT_JSON_H_

#include <cstdint>
#include <string>

namespace tilescale::support {

/// Writes one JSON document without blanks; the caller keeps the nesting right.
class JsonWriter {
 public:
  void BeginObject();
  void EndObject();
  void BeginArray();
  void EndArray();
  /// The name of the next value, inside an object.
  void Key(const std::string& name);
  void Value(const std::string& text);
  void Value(const char* text) { Value(std::string(text)); }
  void Value(int64_t number);
  void Value(int number) { Value(static_cast<int64_t>(number)); }
  void Value(bool flag);
  void Null();
  template <typename T>
  void Field(const std::string& name, const T& value) {
    Key(name);
    Value(value);
  }
  const std::string& Text() const { return text_; }

 private:
  void Separate();
  std::string text_;
};

}  // namespace tilescale::support

#endif  // TILESCALE_CC_SUPPORT_JSON_H_
