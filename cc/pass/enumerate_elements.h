#ifndef TILESCALE_CC_PASS_ENUMERATE_ELEMENTS_H_
#define TILESCALE_CC_PASS_ENUMERATE_ELEMENTS_H_

#include <optional>

#include "cc/pass/thread_elements.h"

namespace tilescale::pass {

/// What trying all threads, and all values of a few own names, says of two accesses: false if no
/// threads of that kind touch the same element, true if some do, nothing if indices depend on more
/// than that.
std::optional<bool> MeetByEnumeration(const ThreadElements& a, const ThreadElements& b, Pairs pairs,
                                      const ir::Var& thread, int64_t threads);

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_ENUMERATE_ELEMENTS_H_
