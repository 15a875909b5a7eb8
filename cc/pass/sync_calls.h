#ifndef TILESCALE_CC_PASS_SYNC_CALLS_H_
#define TILESCALE_CC_PASS_SYNC_CALLS_H_

#include <cstdint>

#include "cc/ir/stmt.h"

namespace tilescale::pass {

/// The call that a statement consists of, or null.
const ir::CallObj* CallOf(const ir::Stmt& s);
bool IsCall(const ir::Stmt& s, const char* name);

/// The simple statement that is the one round of a loop of thread-level code, or the statement.
ir::Stmt Unwrapped(const ir::Stmt& s);

/// A call in a simple statement that orders accesses of several threads, or null.
const ir::CallObj* MeetingIn(const ir::Stmt& s);

/// The number of groups of copies that a wait leaves in flight; and the largest one that waits in
/// `body` do, or may if they are inserted.
int64_t Allowed(const ir::CallObj* wait);
int64_t MostGroups(const ir::Stmt& body);

/// Whether a loop may be left, or its round ended, in `s`.
bool Leaves(const ir::Stmt& s);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_SYNC_CALLS_H_
