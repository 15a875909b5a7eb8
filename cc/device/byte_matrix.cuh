// Operands of 8 bits that lie across the depth of a product, which ldmatrix cannot transpose: it
// moves pairs of bytes. Bytes are sorted inside lanes, then lanes exchange whole words.
#pragma once

namespace ts {

// Four neighbours along the depth, of two neighbouring columns: words[2 * b + e] is block b of 16
// rows, column 2 * (lane / 4) + e. Lane l names row i = l % 8 of matrix j = l / 8, at depth
// 16 * (j / 2) + i / 2 * 4 + (j + i / 4) % 2 * 2 + i % 2: any 8 rows of one matrix are different
// modulo 8, so that they use different banks.
template <int kBlocks>
TS_DEVICE void byte_words(uint32_t (&words)[2 * kBlocks], const void* row, int32_t lane) {
  uint32_t pairs[2 * kBlocks];
  if constexpr (kBlocks == 2) {
    ptx::ldmatrix_x4_trans(pairs, row);
  } else {
    ptx::ldmatrix_x2_trans(pairs, row);
  }
  // The second matrix of a block has the lower rows of lanes with this bit.
  const bool second = (lane & 2) != 0;
  for (int b = 0; b < kBlocks; ++b) {
    const uint32_t x = pairs[2 * b], y = pairs[2 * b + 1];
    words[2 * b] = ptx::byte_permute(x, y, second ? 0x2064 : 0x6420);
    words[2 * b + 1] = ptx::byte_permute(x, y, second ? 0x3175 : 0x7531);
  }
}

// The lane that has the words of column lane / 4 of the first 8 columns.
TS_DEVICE uint32_t byte_source(int32_t lane) { return (lane >> 3 << 2) | (lane & 3); }

// 16 columns: registers of the first 8, and of the others, for each block. Blocks count first if
// kBlocksFirst.
template <int kBlocks, bool kBlocksFirst>
TS_DEVICE void load_bytes(uint32_t (&r)[2 * kBlocks], const void* row, int32_t lane) {
  uint32_t words[2 * kBlocks];
  byte_words<kBlocks>(words, row, lane);
  const bool odd = (lane & 4) != 0, upper = (lane & 16) != 0;
  const uint32_t source = byte_source(lane);
  for (int b = 0; b < kBlocks; ++b) {
    const uint32_t even_word = words[2 * b], odd_word = words[2 * b + 1];
    // Each lane offers what one lane of even and one of odd column want at that time.
    const uint32_t first =
        ptx::shfl_idx(kAllLanes, upper ? odd_word : even_word, source + (odd ? 16 : 0), 32);
    const uint32_t other =
        ptx::shfl_idx(kAllLanes, upper ? even_word : odd_word, source + (odd ? 0 : 16), 32);
    r[kBlocksFirst ? b : 2 * b] = odd ? other : first;
    r[kBlocksFirst ? kBlocks + b : 2 * b + 1] = odd ? first : other;
  }
}

// 8 of the 16 columns: the first ones or, if `half` is 1, the others.
template <int kBlocks>
TS_DEVICE void load_bytes_half(uint32_t (&r)[kBlocks], const void* row, int32_t lane,
                               int32_t half) {
  uint32_t words[2 * kBlocks];
  byte_words<kBlocks>(words, row, lane);
  const uint32_t source = byte_source(lane) + 16 * half;
  for (int b = 0; b < kBlocks; ++b) {
    const uint32_t even_word = ptx::shfl_idx(kAllLanes, words[2 * b], source, 32);
    const uint32_t odd_word = ptx::shfl_idx(kAllLanes, words[2 * b + 1], source, 32);
    r[b] = (lane & 4) != 0 ? odd_word : even_word;
  }
}

}  // namespace ts
