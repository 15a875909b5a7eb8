#include "tests/cuda/rdc/helper.cuh"

__device__ float twice(float x) { return 2.0f * x; }
