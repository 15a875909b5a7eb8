#include "cc/layout/bank_model.h"

#include <tvm/ffi/error.h>

#include <algorithm>

namespace tilescale::layout {

namespace {

void CheckWidth(int64_t width) {
  if (width != 1 && width != 2 && width != 4 && width != 8 && width != 16) {
    TVM_FFI_THROW(ValueError) << "an access moves 1, 2, 4, 8 or 16 bytes per lane, not " << width;
  }
}

void CheckAligned(int64_t address, int64_t width) {
  if (address >= 0 && address % width != 0) {
    TVM_FFI_THROW(ValueError) << "byte address " << address << " is not aligned to the access of "
                              << width << " bytes";
  }
}

// One vector of a thread: its first element, or -1 if the thread is inactive.
int64_t VectorStart(const std::vector<int64_t>& elements, int64_t num_values, int64_t thread,
                    int64_t value, int64_t length) {
  int64_t first = elements[thread * num_values + value];
  for (int64_t k = 1; k < length; ++k) {
    int64_t element = elements[thread * num_values + value + k];
    if (element == (first < 0 ? -1 : first + k)) continue;
    TVM_FFI_THROW(ValueError) << "values " << value << " .. " << value + length - 1 << " of thread "
                              << thread << " are no vector: value " << value + k << " is element "
                              << element << ", value " << value << " is element " << first;
  }
  return first;
}

int64_t VectorLength(int64_t num_values, int64_t element_bits, int64_t access_bytes) {
  CheckWidth(access_bytes);
  int64_t length = access_bytes * 8 / std::max<int64_t>(element_bits, 1);
  if (element_bits < 1 || length * element_bits != access_bytes * 8 || num_values % length != 0) {
    TVM_FFI_THROW(ValueError) << "accesses of " << access_bytes << " bytes do not split "
                              << num_values << " values of " << element_bits << " bits evenly";
  }
  return length;
}

[[noreturn]] void ThrowOutside(const Layout& thread_value, const ComposedLayout& memory,
                               int64_t index) {
  TVM_FFI_THROW(ValueError) << "the (thread, value) layout " << thread_value.ToString()
                            << " reaches element " << index << " of the memory layout "
                            << memory.ToString() << ", which has " << memory.Size().Value();
}

}  // namespace

BankReport::BankReport(BankReportObj counts)
    : ObjectRef(tvm::ffi::make_object<BankReportObj>(counts)) {}

std::string BankReport::ToString() const {
  return std::to_string(get()->accesses) + " accesses, " + std::to_string(get()->wavefronts) +
         " wavefronts (ideal " + std::to_string(get()->ideal) + ", worst phase " +
         std::to_string(get()->worst) + ")";
}

void CountWarpAccess(const std::vector<int64_t>& lanes, int64_t width, BankReportObj* counts) {
  CheckWidth(width);
  for (int64_t address : lanes) CheckAligned(address, width);
  machine::BankCount count = machine::CountBanks(lanes, width);
  if (count.ideal == 0) return;
  counts->worst = std::max(counts->worst, count.worst);
  counts->ideal += count.ideal;
  counts->wavefronts += count.wavefronts;
  counts->accesses += 1;
}

BankReport ScoreElements(const std::vector<int64_t>& elements, int64_t num_values,
                         int64_t element_bits, int64_t access_bytes) {
  int64_t length = VectorLength(num_values, element_bits, access_bytes);
  int64_t num_threads = num_values == 0 ? 0 : static_cast<int64_t>(elements.size()) / num_values;
  BankReportObj counts;
  for (int64_t warp = 0; warp < num_threads; warp += kWarpSize) {
    for (int64_t value = 0; value < num_values; value += length) {
      std::vector<int64_t> lanes;
      for (int64_t t = warp; t < std::min(warp + kWarpSize, num_threads); ++t) {
        int64_t first = VectorStart(elements, num_values, t, value, length);
        lanes.push_back(first < 0 ? -1 : first * element_bits / 8);
      }
      CountWarpAccess(lanes, access_bytes, &counts);
    }
  }
  return BankReport(counts);
}

BankReport ScoreLayout(const Layout& thread_value, const ComposedLayout& memory,
                       int64_t element_bits, int64_t access_bytes) {
  if (thread_value.Shape().IsLeaf() || thread_value.Rank() != 2) {
    TVM_FFI_THROW(ValueError) << "a (thread, value) layout has two modes, got "
                              << thread_value.ToString();
  }
  std::vector<int64_t> threads = Enumerate(thread_value[0], "bank model");
  std::vector<int64_t> values = Enumerate(thread_value[1], "bank model");
  std::vector<int64_t> table = Enumerate(memory.Inner(), "bank model");
  int64_t size = static_cast<int64_t>(table.size());
  int64_t offset = memory.Offset().Value();
  std::vector<int64_t> elements;
  elements.reserve(threads.size() * values.size());
  for (int64_t thread : threads) {
    for (int64_t value : values) {
      int64_t index = thread + value;
      if (index < 0 || index >= size) ThrowOutside(thread_value, memory, index);
      elements.push_back(memory->swizzle.Apply(offset + table[index]));
    }
  }
  return ScoreElements(elements, static_cast<int64_t>(values.size()), element_bits, access_bytes);
}

}  // namespace tilescale::layout
