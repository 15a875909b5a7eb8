#include <cuda_fp16.h>

#include "tests/cuda/rdc/helper.cuh"

extern "C" __global__ void scale(float* y, const __half* x, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = twice(__half2float(x[i]));
}
