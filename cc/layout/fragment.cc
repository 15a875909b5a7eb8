#include "cc/layout/fragment.h"

#include <tvm/ffi/error.h>

#include <algorithm>

#include "cc/layout/fit.h"

namespace tilescale::layout {

using tvm::ffi::Shape;

namespace {

std::string ShapeText(const Shape& shape) {
  std::string text = "(";
  for (size_t i = 0; i < shape.size(); ++i) text += (i ? "," : "") + std::to_string(shape[i]);
  return text + ")";
}

std::string CoordText(int64_t element, const Shape& shape) {
  return IndexToCoord(element, IntTuple::FromAny(shape)).ToString();
}

int64_t Volume(const Shape& shape) {
  int64_t volume = 1;
  for (int64_t extent : shape) {
    if (extent < 1) {
      TVM_FFI_THROW(ValueError) << "fragment shape " << ShapeText(shape)
                                << " has an extent below 1";
    }
    volume = (Int(volume) * Int(extent)).Value();
  }
  return volume;
}

// The flat coordinate in `shape` of a flat coordinate in `padded`, -1 outside.
int64_t Unpad(int64_t index, const Shape& padded, const Shape& shape) {
  int64_t flat = 0;
  int64_t stride = 1;
  for (size_t d = 0; d < shape.size(); ++d) {
    int64_t coord = index % padded[d];
    index /= padded[d];
    if (coord >= shape[d]) return -1;
    flat += coord * stride;
    stride *= shape[d];
  }
  return flat;
}

void CheckOwned(const Shape& shape, const std::vector<int64_t>& table) {
  std::vector<bool> owned(Volume(shape));
  for (int64_t element : table) {
    if (element >= static_cast<int64_t>(owned.size())) {
      TVM_FFI_THROW(ValueError) << "element " << element << " is outside the fragment of shape "
                                << ShapeText(shape);
    }
    if (element >= 0) owned[element] = true;
  }
  auto missing = std::find(owned.begin(), owned.end(), false);
  if (missing != owned.end()) {
    TVM_FFI_THROW(ValueError) << "no thread owns element "
                              << CoordText(missing - owned.begin(), shape)
                              << " of the fragment of shape " << ShapeText(shape);
  }
}

void CheckThreadValue(const Layout& layout, const Shape& shape, const Shape& padded) {
  bool pair = !layout.Shape().IsLeaf() && layout.Rank() == 2;
  bool boxed = padded.size() == shape.size();
  for (size_t d = 0; boxed && d < shape.size(); ++d) boxed = padded[d] >= shape[d];
  if (!pair || !boxed) {
    TVM_FFI_THROW(ValueError) << "a fragment of shape " << ShapeText(shape)
                              << " needs a (thread, value) layout into a box no smaller, got "
                              << layout.ToString() << " into " << ShapeText(padded);
  }
  for (const StaticMode& mode : StaticModes(layout, "fragment")) {
    if (mode.stride >= 0) continue;
    TVM_FFI_THROW(ValueError) << "the (thread, value) layout " << layout.ToString()
                              << " has a negative stride";
  }
  if (layout.Cosize().Value() > Volume(padded)) {
    TVM_FFI_THROW(ValueError) << "the (thread, value) layout " << layout.ToString()
                              << " leaves the box " << ShapeText(padded);
  }
}

}  // namespace

Fragment::Fragment(const Shape& shape, const Layout& thread_value, const Shape& padded)
    : ObjectRef(tvm::ffi::UnsafeInit()) {
  Volume(shape);
  CheckThreadValue(thread_value, shape, padded);
  auto node = tvm::ffi::make_object<FragmentObj>();
  node->shape = shape;
  node->num_threads = thread_value[0].Size().Value();
  node->num_values = thread_value[1].Size().Value();
  node->thread_value = CoalesceModes(thread_value);
  node->padded = padded;
  data_ = std::move(node);
  CheckOwned(shape, Table());
}

Fragment Fragment::FromTable(const Shape& shape, int64_t num_threads, int64_t num_values,
                             const std::vector<int64_t>& table) {
  CheckOwned(shape, table);
  if (std::find(table.begin(), table.end(), -1) == table.end()) {
    auto by_value = FitLayout({num_threads, num_values}, [&](int64_t i) {
      return table[i % num_threads * num_values + i / num_threads];
    });
    if (by_value) return Fragment(shape, *by_value, shape);
  }
  auto node = tvm::ffi::make_object<FragmentObj>();
  node->shape = shape;
  node->num_threads = num_threads;
  node->num_values = num_values;
  node->padded = shape;
  node->table = Shape(table);
  return Fragment(std::move(node));
}

Fragment Fragment::FromOwners(const Shape& shape, const std::vector<int64_t>& threads,
                              const std::vector<int64_t>& values) {
  int64_t size = Volume(shape);
  int64_t num_threads = *std::max_element(threads.begin(), threads.end()) + 1;
  int64_t num_values = *std::max_element(values.begin(), values.end()) + 1;
  std::vector<int64_t> table(num_threads * num_values, -1);
  for (size_t i = 0; i < threads.size(); ++i) {
    int64_t element = static_cast<int64_t>(i) % size;
    if (threads[i] < 0 || values[i] < 0) {
      TVM_FFI_THROW(ValueError) << "element " << CoordText(element, shape)
                                << " of a fragment has thread " << threads[i] << " and value index "
                                << values[i];
    }
    int64_t& slot = table[threads[i] * num_values + values[i]];
    if (slot >= 0 && slot != element) {
      TVM_FFI_THROW(ValueError) << "elements " << CoordText(slot, shape) << " and "
                                << CoordText(element, shape) << " both fall on value " << values[i]
                                << " of thread " << threads[i];
    }
    slot = element;
  }
  return FromTable(shape, num_threads, num_values, table);
}

int64_t Fragment::Size() const { return Volume(get()->shape); }

std::vector<int64_t> Fragment::Table() const {
  const FragmentObj* node = get();
  if (!node->thread_value.has_value()) {
    return std::vector<int64_t>(node->table.begin(), node->table.end());
  }
  std::vector<int64_t> threads = Enumerate((*node->thread_value)[0], "fragment");
  std::vector<int64_t> values = Enumerate((*node->thread_value)[1], "fragment");
  std::vector<int64_t> table;
  table.reserve(threads.size() * values.size());
  for (int64_t thread : threads) {
    for (int64_t value : values) table.push_back(Unpad(thread + value, node->padded, node->shape));
  }
  return table;
}

std::vector<std::vector<Slot>> Fragment::Owners() const {
  std::vector<std::vector<Slot>> owners(Size());
  std::vector<int64_t> table = Table();
  for (size_t i = 0; i < table.size(); ++i) {
    int64_t index = static_cast<int64_t>(i);
    if (table[i] < 0) continue;
    owners[table[i]].push_back({index / get()->num_values, index % get()->num_values});
  }
  return owners;
}

int64_t Fragment::Replication() const {
  std::vector<std::vector<Slot>> owners = Owners();
  for (const auto& slots : owners) {
    if (slots.size() != owners[0].size()) return 0;
  }
  return static_cast<int64_t>(owners[0].size());
}

std::string Fragment::ToString() const {
  const FragmentObj* node = get();
  std::string map = node->thread_value.has_value() ? (*node->thread_value).ToString() : "table";
  std::string box =
      ShapeText(node->padded) == ShapeText(node->shape) ? "" : " in " + ShapeText(node->padded);
  return "Fragment" + ShapeText(node->shape) + box + "<threads " +
         std::to_string(node->num_threads) + ", values " + std::to_string(node->num_values) + ", " +
         map + ">";
}

}  // namespace tilescale::layout
