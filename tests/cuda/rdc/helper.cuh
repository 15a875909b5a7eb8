// A device function of another source.
#ifndef TILESCALE_TESTS_CUDA_RDC_HELPER_CUH_
#define TILESCALE_TESTS_CUDA_RDC_HELPER_CUH_

__device__ float twice(float x);

#endif  // TILESCALE_TESTS_CUDA_RDC_HELPER_CUH_
