// Fragments whose registers are matrices as instructions keep them: 8 x 8 elements, two neighbours
// of a row in each lane. Accumulators of mma are.
#ifndef TILESCALE_CC_LAYOUT_MATRIX_STORE_H_
#define TILESCALE_CC_LAYOUT_MATRIX_STORE_H_

#include <cstdint>
#include <vector>

#include "cc/layout/fragment.h"
#include "cc/layout/swizzle_chooser.h"

namespace tilescale::layout {

inline constexpr int64_t kMatrixSide = 8;

// Whether values 2 * q and 2 * q + 1 of a warp are matrix number q, for all q, whole warps own
// the tile, and no element has two owners. The last warps' matrices may lie outside the tile.
bool IsMadeOfMatrices(const Fragment& fragment);

// How a warp that stores four matrices at once, a row of one in each lane, touches the tile; and
// how it does if each lane stores its two neighbours. Of a fragment that is made of matrices, as
// often as the tile needs it.
TileAccess MatrixStore(const Fragment& fragment, int64_t element_bits);
TileAccess PairStore(const Fragment& fragment, int64_t element_bits);
// How vectors of 16 bytes that are dealt out row by row touch a tile.
TileAccess RowVectors(int64_t rows, int64_t columns, int64_t element_bits);

}  // namespace tilescale::layout

#endif  // TILESCALE_CC_LAYOUT_MATRIX_STORE_H_
