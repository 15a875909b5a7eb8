// Fragments from expressions, and expressions from fragments.
#include <tvm/ffi/error.h>

#include <algorithm>

#include "cc/ir/mutator.h"
#include "cc/layout/digits.h"
#include "cc/layout/expr_table.h"
#include "cc/layout/fragment.h"
#include "cc/layout/inverse.h"

namespace tilescale::layout {

using ir::Expr;
using ir::Var;
using tvm::ffi::Array;
using tvm::ffi::Shape;

namespace {

// Value indices of several outputs as one, row-major in the box of their largest values.
std::vector<int64_t> FlattenOutputs(const std::vector<std::vector<int64_t>>& outputs) {
  std::vector<int64_t> flat(outputs[0].size(), 0);
  for (const std::vector<int64_t>& output : outputs) {
    int64_t extent = *std::max_element(output.begin(), output.end()) + 1;
    for (size_t i = 0; i < flat.size(); ++i) flat[i] = flat[i] * extent + output[i];
  }
  return flat;
}

// The elements of each thread count up; each replica is a group of owners of its own.
std::vector<int64_t> CountPerThread(const std::vector<int64_t>& threads, size_t size) {
  std::vector<int64_t> values;
  std::vector<int64_t> next(*std::max_element(threads.begin(), threads.end()) + 1, 0);
  for (size_t i = 0; i < threads.size(); ++i) {
    if (i % size == 0) std::fill(next.begin(), next.end(), 0);
    if (threads[i] < 0) TVM_FFI_THROW(ValueError) << "a fragment has thread " << threads[i];
    values.push_back(next[threads[i]]++);
  }
  return values;
}

// From row-major order of the elements of each replica to first dimension fastest.
std::vector<int64_t> Reorder(const std::vector<int64_t>& values,
                             const std::vector<int64_t>& order) {
  std::vector<int64_t> out;
  out.reserve(values.size());
  for (size_t begin = 0; begin < values.size(); begin += order.size()) {
    for (int64_t i : order) out.push_back(values[begin + i]);
  }
  return out;
}

void CheckForward(const Array<Var>& vars, const Shape& shape, int64_t replicas,
                  const Array<Expr>& forward) {
  size_t expected = shape.size() + (replicas > 1 ? 1 : 0);
  if (replicas >= 1 && !forward.empty() && vars.size() == expected) return;
  TVM_FFI_THROW(ValueError) << "a fragment of " << shape.size() << " dimensions and " << replicas
                            << " replicas has " << vars.size() << " index variables and "
                            << forward.size() << " expressions";
}

// (thread, value) of an element from the inverse of the (thread, value) layout.
Array<Expr> InverseForward(const Fragment& fragment, const Array<Expr>& indices) {
  bool closed = fragment->thread_value.has_value() &&
                std::equal(fragment->shape.begin(), fragment->shape.end(), fragment->padded.begin(),
                           fragment->padded.end());
  Layout inverse = closed ? RightInverse(*fragment->thread_value) : Layout(IntTuple(0));
  if (!closed || !ProvablyEqual(inverse.Size(), fragment.Size())) {
    TVM_FFI_THROW(ValueError) << fragment.ToString() << " has no closed form of the thread and "
                              << "value of an element";
  }
  std::vector<IntTuple> coord;
  for (const Expr& index : indices) coord.emplace_back(Int(index));
  Int element = Layout(IntTuple::FromAny(fragment->shape))(IntTuple(coord));
  Int slot = inverse(element);
  Int num_threads(fragment->num_threads);
  return {FloorMod(slot, num_threads).ToExpr(), FloorDiv(slot, num_threads).ToExpr()};
}

}  // namespace

Fragment Fragment::FromForward(const Array<Var>& vars, const Shape& shape, int64_t replicas,
                               const Array<Expr>& forward) {
  CheckForward(vars, shape, replicas, forward);
  std::vector<int64_t> extents(shape.begin(), shape.end());
  if (*std::min_element(extents.begin(), extents.end()) < 1) {
    TVM_FFI_THROW(ValueError) << "a fragment has an extent below 1";
  }
  IntTuple tile = IntTuple::FromAny(shape);
  std::vector<int64_t> order = Enumerate(Layout(tile, CompactRowMajor(tile)), "fragment");
  if (replicas > 1) extents.insert(extents.begin(), replicas);
  std::vector<std::vector<int64_t>> outputs = Tabulate(vars, extents, forward);
  std::vector<int64_t> values = outputs.size() > 1
                                    ? FlattenOutputs({outputs.begin() + 1, outputs.end()})
                                    : CountPerThread(outputs[0], order.size());
  Fragment plain = FromOwners(shape, Reorder(outputs[0], order), Reorder(values, order));
  auto node = tvm::ffi::make_object<FragmentObj>(*plain.get());
  node->vars = vars;
  node->forward = forward;
  return Fragment(std::move(node));
}

Array<Expr> MapForward(const Fragment& fragment, const Array<Expr>& indices) {
  size_t rank = fragment->shape.size();
  if (indices.size() != rank) {
    TVM_FFI_THROW(ValueError) << "a fragment of " << rank << " dimensions cannot map "
                              << indices.size() << " indices";
  }
  if (fragment->forward.empty()) return InverseForward(fragment, indices);
  ir::VarMap values;
  size_t first = fragment->vars.size() - rank;
  for (size_t d = 0; d < rank; ++d) {
    values.emplace(fragment->vars[first + d].get(), indices[d]);
  }
  Array<Expr> mapped;
  for (const Expr& expr : fragment->forward) mapped.push_back(ir::Substitute(expr, values));
  return mapped;
}

Array<Expr> MapSlot(const Fragment& fragment, const Expr& thread, const Expr& value) {
  if (!fragment->thread_value.has_value()) {
    TVM_FFI_THROW(ValueError) << fragment.ToString() << " is no shape:stride map of thread and "
                              << "value";
  }
  auto digits = DigitsAt(*fragment->thread_value, {Int(thread), Int(value)});
  Array<Expr> coord;
  for (const Int& index : CoordOfDigits(digits, fragment->padded)) {
    coord.push_back(index.ToExpr());
  }
  return coord;
}

}  // namespace tilescale::layout
