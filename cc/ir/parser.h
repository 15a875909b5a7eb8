#ifndef TILESCALE_CC_IR_PARSER_H_
#define TILESCALE_CC_IR_PARSER_H_

#include <string>

#include "cc/ir/function.h"

namespace tilescale::ir {

/// Reads the text form that `Print` writes: one or more functions. Comments run from `;` to the
/// end of the line. Throws the user error `IrSyntaxError` with line, column, expected and got.
Module Parse(const std::string& text);

}  // namespace tilescale::ir

#endif  // TILESCALE_CC_IR_PARSER_H_
