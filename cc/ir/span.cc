#include "cc/ir/span.h"

#include <string>

namespace tilescale::ir {
namespace {

std::string CallChain(const SpanObj* span) {
  std::string chain;
  for (auto caller = span->caller; caller.has_value();) {
    const auto* at = caller.value().as<SpanObj>();
    if (!at) break;
    if (!chain.empty()) chain += '\n';
    chain += std::string(at->file) + ":" + std::to_string(at->line) + ":" + std::to_string(at->col);
    caller = at->caller;
  }
  return chain;
}

}  // namespace

support::SourceLocation ToLocation(const Span& span) {
  support::SourceLocation location;
  if (!span.defined()) return location;
  location.file = std::string(span->file);
  location.line = span->line;
  location.col = span->col;
  location.end_line = span->end_line;
  location.end_col = span->end_col;
  location.chain = CallChain(span.get());
  return location;
}

}  // namespace tilescale::ir
