#include "cc/ir/lexer.h"

#include <cctype>

#include "cc/support/diagnostic.h"

namespace tilescale::ir {
namespace {

bool IsNameChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

}  // namespace

Token Lexer::Next() {
  Token token = token_;
  Advance();
  return token;
}

bool Lexer::Accept(const std::string& text) {
  if (!Is(text)) return false;
  Advance();
  return true;
}

void Lexer::Expect(const std::string& text) {
  if (!Accept(text)) Fail("`" + text + "`");
}

std::string Lexer::Take(TokenKind kind, const std::string& what) {
  if (token_.kind != kind) Fail(what);
  return Next().text;
}

void Lexer::Fail(const std::string& expected) const {
  support::SourceLocation location;
  location.file = "<ir>";
  location.line = token_.line;
  location.col = token_.col;
  support::UserError("IrSyntaxError")
      .Message("the text is not a legal IR function")
      .Expected(expected)
      .Got(token_.kind == TokenKind::kEnd ? "the end of the text" : "`" + token_.text + "`")
      .Remedy("compare with the output of `tilescale inspect`")
      .At(location)
      .Throw();
}

void Lexer::Rewind(const Mark& mark) {
  pos_ = mark.pos;
  line_ = mark.line;
  col_ = mark.col;
  token_ = mark.token;
}

void Lexer::Consume(size_t count) {
  for (size_t i = 0; i < count; ++i, ++pos_) {
    bool newline = text_[pos_] == '\n';
    line_ += newline ? 1 : 0;
    col_ = newline ? 1 : col_ + 1;
  }
}

void Lexer::SkipBlanks() {
  while (pos_ < text_.size()) {
    if (std::isspace(static_cast<unsigned char>(At(0)))) {
      Consume(1);
    } else if (At(0) == ';') {
      while (pos_ < text_.size() && At(0) != '\n') Consume(1);
    } else {
      return;
    }
  }
}

// Undoes the escapes of JSON strings as the printer writes them.
std::string Lexer::LexString() {
  std::string value;
  Consume(1);
  while (pos_ < text_.size() && At(0) != '"') {
    if (At(0) != '\\') {
      value += At(0);
      Consume(1);
    } else if (At(1) == 'u') {
      value += static_cast<char>(std::stoi(text_.substr(pos_ + 2, 4), nullptr, 16));
      Consume(6);
    } else {
      value += At(1);
      Consume(2);
    }
  }
  if (pos_ < text_.size()) Consume(1);
  return value;
}

size_t Lexer::SymbolLength() const {
  static const char* const kPairs[] = {"//", "<=", ">=", "==", "!=", "<<", ">>", ":+"};
  for (const char* pair : kPairs) {
    if (At(0) == pair[0] && At(1) == pair[1]) return 2;
  }
  return 1;
}

void Lexer::Advance() {
  SkipBlanks();
  token_ = {TokenKind::kEnd, "", line_, col_};
  if (pos_ >= text_.size()) return;
  size_t length = 0;
  bool digit = std::isdigit(static_cast<unsigned char>(At(0)));
  if (At(0) == '"') {
    token_.kind = TokenKind::kString;
    token_.text = LexString();
    return;
  }
  if (digit) {
    token_.kind = TokenKind::kNumber;
    auto exponent_sign = [&] {
      char before = At(length - 1);
      return length > 0 && (At(length) == '+' || At(length) == '-') && before == 'e';
    };
    while (IsNameChar(At(length)) || At(length) == '.' || exponent_sign()) ++length;
  } else if (IsNameChar(At(0))) {
    token_.kind = TokenKind::kName;
    while (IsNameChar(At(length))) ++length;
  } else {
    token_.kind = TokenKind::kSymbol;
    length = SymbolLength();
  }
  token_.text = text_.substr(pos_, length);
  Consume(length);
}

}  // namespace tilescale::ir
