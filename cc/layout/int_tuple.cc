#include "cc/layout/int_tuple.h"

#include <tvm/ffi/container/list.h>
#include <tvm/ffi/container/shape.h>
#include <tvm/ffi/error.h>

namespace tilescale::layout {

using tvm::ffi::Any;
using tvm::ffi::AnyView;
using tvm::ffi::Array;

namespace {

template <typename Container>
IntTuple FromSequence(const Container& values) {
  std::vector<IntTuple> modes;
  for (const auto& value : values) modes.push_back(IntTuple::FromAny(AnyView(value)));
  return IntTuple(modes);
}

void FlattenInto(const IntTuple& tuple, std::vector<Int>* out) {
  if (tuple.IsLeaf()) {
    out->push_back(tuple.Leaf());
    return;
  }
  for (const IntTuple& mode : tuple.Modes()) FlattenInto(mode, out);
}

IntTuple UnflattenFrom(const std::vector<Int>& flat, const IntTuple& profile, size_t* next) {
  if (profile.IsLeaf()) return flat.at((*next)++);
  std::vector<IntTuple> modes;
  for (const IntTuple& mode : profile.Modes()) modes.push_back(UnflattenFrom(flat, mode, next));
  return IntTuple(modes);
}

}  // namespace

IntTuple::IntTuple(const std::vector<IntTuple>& modes) {
  Array<Any> array;
  array.reserve(static_cast<int64_t>(modes.size()));
  for (const IntTuple& mode : modes) array.push_back(mode.data());
  data_ = array;
}

IntTuple IntTuple::FromNormalized(Any data) {
  IntTuple out;
  out.data_ = std::move(data);
  return out;
}

IntTuple IntTuple::FromAny(const AnyView& value) {
  if (auto array = value.as<Array<Any>>()) return FromSequence(*array);
  if (auto list = value.as<tvm::ffi::List<Any>>()) return FromSequence(*list);
  if (auto shape = value.as<tvm::ffi::Shape>()) return FromSequence(*shape);
  return IntTuple(Int::FromAny(value));
}

bool IntTuple::IsLeaf() const { return data_.as<tvm::ffi::ArrayObj>() == nullptr; }

int IntTuple::Rank() const {
  const auto* array = data_.as<tvm::ffi::ArrayObj>();
  return array == nullptr ? 1 : static_cast<int>(array->size());
}

IntTuple IntTuple::operator[](int i) const {
  if (i < 0 || i >= Rank()) {
    TVM_FFI_THROW(IndexError) << "mode " << i << " of " << ToString() << ", which has rank "
                              << Rank();
  }
  return IsLeaf() ? *this : FromNormalized((*data_.as<tvm::ffi::ArrayObj>())[i]);
}

std::vector<IntTuple> IntTuple::Modes() const {
  std::vector<IntTuple> modes;
  for (int i = 0; i < Rank(); ++i) modes.push_back((*this)[i]);
  return modes;
}

int IntTuple::Depth() const {
  if (IsLeaf()) return 0;
  int depth = 0;
  for (const IntTuple& mode : Modes()) depth = std::max(depth, mode.Depth());
  return depth + 1;
}

std::string IntTuple::ToString() const {
  if (IsLeaf()) return Leaf().ToString();
  std::string text = "(";
  for (const IntTuple& mode : Modes()) {
    if (text.size() > 1) text += ',';
    text += mode.ToString();
  }
  return text + ")";
}

std::vector<Int> Flatten(const IntTuple& tuple) {
  std::vector<Int> out;
  FlattenInto(tuple, &out);
  return out;
}

IntTuple Unflatten(const std::vector<Int>& flat, const IntTuple& profile) {
  size_t next = 0;
  return UnflattenFrom(flat, profile, &next);
}

Int Product(const IntTuple& tuple) {
  Int product(1);
  for (const Int& leaf : Flatten(tuple)) product = product * leaf;
  return product;
}

bool Congruent(const IntTuple& a, const IntTuple& b) {
  if (a.IsLeaf() || b.IsLeaf()) return a.IsLeaf() && b.IsLeaf();
  if (a.Rank() != b.Rank()) return false;
  for (int i = 0; i < a.Rank(); ++i) {
    if (!Congruent(a[i], b[i])) return false;
  }
  return true;
}

bool Compatible(const IntTuple& a, const IntTuple& b) {
  if (a.IsLeaf()) return ProvablyEqual(a.Leaf(), Product(b));
  if (b.IsLeaf() || a.Rank() != b.Rank()) return false;
  for (int i = 0; i < a.Rank(); ++i) {
    if (!Compatible(a[i], b[i])) return false;
  }
  return true;
}

}  // namespace tilescale::layout
