// Declarations of the intrinsics that move neighbouring elements by one instruction between memory
// and a thread's array of 32-bit words. Without the predicate a load gives zeros and a store does
// nothing; the same happens where some of the bytes lie outside the buffer.
#include "cc/ir/intrinsic.h"

namespace tilescale::op {
namespace {

using ir::Effect;
using ir::Executors;
using ir::MemoryUse;
using ir::TypeRule;

bool Declare(const std::string& name, const std::string& doc, Executors executors) {
  ir::Intrinsic decl{name, 3, Effect::kState, TypeRule::kInt32, doc};
  decl.memory = {MemoryUse::kWrite, MemoryUse::kRead, MemoryUse::kNone};
  decl.executors = executors;
  decl.predicate = 2;
  return ir::RegisterIntrinsic(decl);
}

[[maybe_unused]] const bool kDeclared[] = {
    Declare("load_vector",
            "load_vector(words, from, predicate): attrs bytes, 4 to 32, to which `from` is aligned",
            Executors::kEach),
    Declare("store_vector",
            "store_vector(to, words, predicate): attrs bytes, 4 to 32, to which `to` is aligned",
            Executors::kOne),
};

}  // namespace
}  // namespace tilescale::op
