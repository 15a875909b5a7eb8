// Loads and stores of 4, 8 and 16 bytes of global memory.
#pragma once

namespace ts {

template <int kCount>
struct alignas(4 * kCount) Words {
  uint32_t word[kCount];
};

namespace ptx {

TS_DEVICE Words<1> ldg_b32(const void* global) { return *static_cast<const Words<1>*>(global); }
TS_DEVICE Words<2> ldg_b64(const void* global) { return *static_cast<const Words<2>*>(global); }
TS_DEVICE Words<4> ldg_b128(const void* global) { return *static_cast<const Words<4>*>(global); }
TS_DEVICE void stg_b32(void* global, Words<1> value) { *static_cast<Words<1>*>(global) = value; }
TS_DEVICE void stg_b64(void* global, Words<2> value) { *static_cast<Words<2>*>(global) = value; }
TS_DEVICE void stg_b128(void* global, Words<4> value) { *static_cast<Words<4>*>(global) = value; }

}  // namespace ptx
}  // namespace ts
