#ifndef TILESCALE_CC_PASS_COLLECT_ACCESSES_H_
#define TILESCALE_CC_PASS_COLLECT_ACCESSES_H_

#include "cc/pass/dependence.h"

namespace tilescale::pass {

/// The operators of a loop's body with what they access.
std::vector<LoopOperator> CollectOperators(const ir::Stmt& body, const ViewRoots& roots);

/// Everything below `stmt` that touches memory, as at the tile stage.
std::vector<MemoryAccess> CollectAccesses(const ir::Stmt& stmt, const ViewRoots& roots);

/// Whether the value depends on memory or on calls.
bool ReadsMemory(const ir::Expr& e);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_COLLECT_ACCESSES_H_
