#ifndef TILESCALE_CC_IR_PRINTER_H_
#define TILESCALE_CC_IR_PRINTER_H_

#include <string>

#include "cc/ir/function.h"

namespace tilescale::ir {

struct PrintOptions {
  /// Ends each statement's first line with `; file:line` where its span is known.
  bool spans = false;
};

/// The text form of a function, module, statement, expression, buffer or region. What is printed
/// for a function parses back (`cc/ir/parser.h`) to a structurally equal one. Names that occur
/// twice get a number. The grammar is in docs/ir.md.
std::string Print(const ffi::Any& node, const PrintOptions& options = {});

}  // namespace tilescale::ir

#endif  // TILESCALE_CC_IR_PRINTER_H_
