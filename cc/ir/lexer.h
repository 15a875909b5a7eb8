#ifndef TILESCALE_CC_IR_LEXER_H_
#define TILESCALE_CC_IR_LEXER_H_

#include <string>

namespace tilescale::ir {

enum class TokenKind { kName, kNumber, kString, kSymbol, kEnd };

struct Token {
  TokenKind kind;
  std::string text;  // of a string: its value, without quotes and escapes
  int line;
  int col;
};

/// Splits the text form of the IR into tokens, one token ahead of the parser.
class Lexer {
 public:
  explicit Lexer(const std::string& text) : text_(text) { Advance(); }

  /// A place to go back to, for decisions that need more than one token.
  struct Mark {
    size_t pos;
    int line;
    int col;
    Token token;
  };
  Mark Here() const { return {pos_, line_, col_, token_}; }
  void Rewind(const Mark& mark);

  const Token& Peek() const { return token_; }
  Token Next();
  bool Is(const std::string& text) const {
    return token_.kind != TokenKind::kString && token_.text == text;
  }
  /// Takes the token if it is `text`.
  bool Accept(const std::string& text);
  void Expect(const std::string& text);
  /// Takes a token of the kind; `what` names it in the error.
  std::string Take(TokenKind kind, const std::string& what);
  [[noreturn]] void Fail(const std::string& expected) const;

 private:
  void Advance();
  void SkipBlanks();
  char At(size_t offset) const {
    return pos_ + offset < text_.size() ? text_[pos_ + offset] : '\0';
  }
  void Consume(size_t count);
  std::string LexString();
  size_t SymbolLength() const;

  const std::string& text_;
  size_t pos_ = 0;
  int line_ = 1;
  int col_ = 1;
  Token token_{TokenKind::kEnd, "", 1, 1};
};

}  // namespace tilescale::ir

#endif  // TILESCALE_CC_IR_LEXER_H_
