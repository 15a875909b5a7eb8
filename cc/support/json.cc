#include "cc/support/json.h"

#include <cstdio>

namespace tilescale::support {
namespace {

void AppendEscaped(const std::string& text, std::string* out) {
  for (unsigned char c : text) {
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(static_cast<char>(c));
    } else if (c < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof(escape), "\\u%04x", c);
      *out += escape;
    } else {
      out->push_back(static_cast<char>(c));
    }
  }
}

}  // namespace

void JsonWriter::Separate() {
  if (text_.empty()) return;
  char last = text_.back();
  if (last != '{' && last != '[' && last != ':') text_ += ',';
}

void JsonWriter::BeginObject() {
  Separate();
  text_ += '{';
}
void JsonWriter::EndObject() { text_ += '}'; }
void JsonWriter::BeginArray() {
  Separate();
  text_ += '[';
}
void JsonWriter::EndArray() { text_ += ']'; }

void JsonWriter::Key(const std::string& name) {
  Value(name);
  text_ += ':';
}

void JsonWriter::Value(const std::string& text) {
  Separate();
  text_ += '"';
  AppendEscaped(text, &text_);
  text_ += '"';
}

void JsonWriter::Value(int64_t number) {
  Separate();
  text_ += std::to_string(number);
}

void JsonWriter::Value(bool flag) {
  Separate();
  text_ += flag ? "true" : "false";
}

void JsonWriter::Null() {
  Separate();
  text_ += "null";
}

}  // namespace tilescale::support
