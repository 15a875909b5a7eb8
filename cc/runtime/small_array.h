// An array of fixed length that needs no allocation when it is short.
#ifndef TILESCALE_CC_RUNTIME_SMALL_ARRAY_H_
#define TILESCALE_CC_RUNTIME_SMALL_ARRAY_H_

#include <cstddef>
#include <memory>

namespace tilescale::runtime {

// Elements are default-initialised: plain data is left uninitialised.
template <typename T, size_t kInline>
class SmallArray {
 public:
  explicit SmallArray(size_t size) : size_(size), heap_(size > kInline ? new T[size] : nullptr) {}
  SmallArray(const SmallArray&) = delete;
  SmallArray& operator=(const SmallArray&) = delete;

  T* data() { return heap_ ? heap_.get() : inline_; }
  T& operator[](size_t i) { return data()[i]; }
  size_t size() const { return size_; }

 private:
  size_t size_;
  std::unique_ptr<T[]> heap_;
  T inline_[kInline];
};

}  // namespace tilescale::runtime

#endif  // TILESCALE_CC_RUNTIME_SMALL_ARRAY_H_
