#ifndef TILESCALE_CC_CODEGEN_CPU_SLOTS_H_
#define TILESCALE_CC_CODEGEN_CPU_SLOTS_H_

#include <string>
#include <vector>

#include "cc/codegen/common/launch.h"
#include "cc/codegen/cpu/writer.h"

// Where generated C finds its arguments: the slots of cc/runtime/README.md.
namespace tilescale::codegen::cpu {

/// `int32_t ts_exprs(...)`, empty if there are no derived expressions.
std::string ExprsFunction(const Launch& launch, Writer* writer);
/// Declares the parameters and symbols at the start of `ts_tiles`.
void ReadSlots(const Launch& launch, Writer* writer);
/// C expressions of the grid's extents.
std::vector<std::string> GridExtents(const Launch& launch);

}  // namespace tilescale::codegen::cpu

#endif  // TILESCALE_CC_CODEGEN_CPU_SLOTS_H_
