#ifndef TILESCALE_CC_IR_INTRINSIC_H_
#define TILESCALE_CC_IR_INTRINSIC_H_

#include <string>
#include <vector>

#include "cc/ir/expr.h"

namespace tilescale::ir {

/// What evaluating an intrinsic may do besides giving a value.
enum class Effect {
  kPure,   // depends on its arguments only: may be moved, repeated, dropped
  kRead,   // also depends on memory
  kState,  // changes memory or hidden state (random generators, atomics): kept, in order
};

/// How an intrinsic's result type follows from its arguments.
enum class TypeRule {
  kSameFloat,  // float arguments of one type -> that type
  kSame,       // arguments of one numeric type -> that type
  kBool,       // -> bool
  kInt32,      // -> int32
  kExplicit,   // given by the caller
};

/// What an intrinsic does to the memory behind an argument that is an `AddressOf`. It may touch
/// what its attribute "bytes" says, from the address on; without the attribute any part of the
/// buffer, except that atomics touch one element.
enum class MemoryUse {
  kNone,
  kRead,
  kWrite,
  kReadWrite,
  kAtomic,
  kAsyncWrite,  // written at some time before the wait for the thread's copy group
};

/// Which threads of a block carry out a statement that only evaluates the intrinsic.
enum class Executors {
  kOne,   // one for the block
  kAll,   // each for itself: what it does or gives differs between threads
  kEach,  // each for itself: what it does and gives follows from its arguments
};

/// Which threads' earlier accesses to memory a call orders before the later ones of the others, if
/// all of them make it.
enum class Orders {
  kNothing,
  kSome,  // those that the caller names, or that arrive elsewhere
  kWarp,
  kBlock,
};

/// Which threads certainly get one value from a call that all of them make.
enum class ValueOf {
  kThread,  // each its own, unless the call is pure
  kLane,    // the lanes of a warp that name one lane in argument 1, and 32 lanes in argument 2
  kWarp,
  kBlock,
};

/// The declaration of one intrinsic: everything the compiler knows of `Call(op, ...)`. Evaluation
/// and emission are registered separately, by (intrinsic, target).
struct Intrinsic {
  std::string name;
  int arity;  // -1: any number
  Effect effect;
  TypeRule type_rule;
  std::string doc;
  /// By argument; those behind the end, and all if it is empty, are `kReadWrite`.
  std::vector<MemoryUse> memory = {};
  Executors executors = Executors::kOne;
  /// It has a predicate that keeps it from addresses outside their buffers; otherwise a call with
  /// such an address is dropped.
  bool guards_itself = false;
  ValueOf value_of = ValueOf::kThread;
  /// The argument without which no address is used; -1: none. A call with an address whose "bytes"
  /// do not all lie inside their buffer is made without it.
  int predicate = -1;
  Orders orders = Orders::kNothing;
  /// The argument that says which lanes of the warp take part; without it all do.
  int mask = -1;

  MemoryUse Use(size_t argument) const {
    return argument < memory.size() ? memory[argument] : MemoryUse::kReadWrite;
  }
};

/// Registers at static-initialisation time; a second registration of a name is an internal error.
/// Returns a dummy so that it can initialise a namespace-scope constant.
bool RegisterIntrinsic(Intrinsic intrinsic);
/// The declaration, or null for an unknown name (a foreign function: `call_extern`).
const Intrinsic* FindIntrinsic(const std::string& name);
/// Whether all lanes of a warp take part in a call.
bool ActsOnWholeWarps(const CallObj* call);
/// All names, sorted.
std::vector<std::string> IntrinsicNames();

/// A checked call: arity and argument types follow the declaration; throws a user error
/// `IntrinsicTypeError` otherwise. `dtype` is used by `kExplicit` only.
Expr MakeCall(const std::string& op, ffi::Array<ffi::Any> args,
              ffi::Map<ffi::String, ffi::Any> attrs, DType dtype);

}  // namespace tilescale::ir

#endif  // TILESCALE_CC_IR_INTRINSIC_H_
