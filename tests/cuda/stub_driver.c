// A CUDA driver without a GPU. STUB_* variables of the environment say how it behaves; it prints the launches.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int number(const char* name, int otherwise) {
  const char* text = getenv(name);
  return text ? atoi(text) : otherwise;
}

int cuInit(unsigned flags) { return flags ? 1 : number("STUB_INIT", 0); }
int cuDriverGetVersion(int* version) {
  *version = 13000;
  return 0;
}
int cuGetErrorName(int status, const char** name) {
  static char text[32];
  snprintf(text, sizeof text, "STUB_ERROR_%d", status);
  *name = text;
  return 0;
}
int cuGetErrorString(int status, const char** text) {
  *text = status ? "the stub was told to fail" : "no error";
  return 0;
}
int cuDeviceGetCount(int* count) {
  *count = number("STUB_DEVICES", 1);
  return 0;
}
int cuDeviceGet(int* device, int ordinal) {
  *device = ordinal;
  return 0;
}
int cuDeviceGetName(char* name, int bytes, int device) {
  snprintf(name, bytes, "Stub %d", device);
  return 0;
}
int cuDeviceTotalMem_v2(size_t* bytes, int device) {
  *bytes = (size_t)(device + 1) << 30;
  return 0;
}
int cuDeviceGetAttribute(int* value, int attribute, int device) {
  const int arch = number("STUB_ARCH", 80);
  *value = 0;
  if (attribute == 16) *value = 10 + device;
  if (attribute == 75) *value = arch / 10;
  if (attribute == 76) *value = arch % 10;
  if (attribute == 97) *value = number("STUB_SHARED", 166912);
  return 0;
}
static void* current = 0;
int cuDevicePrimaryCtxRetain(void** context, int device) {
  *context = (void*)(uintptr_t)(100 + device);
  return number("STUB_RETAIN", 0);
}
int cuCtxGetCurrent(void** context) {
  *context = current;
  return 0;
}
int cuCtxPushCurrent_v2(void* context) {
  current = context;
  return 0;
}
int cuCtxPopCurrent_v2(void** context) {
  *context = current;
  current = 0;
  return 0;
}
int cuThreadExchangeStreamCaptureMode(int* mode) {
  static int kept = 0;
  const int before = kept;
  kept = *mode;
  *mode = before;
  return 0;
}
int cuModuleLoadDataEx(void** module, const void* image, unsigned count, int* names, void** values) {
  // Module-loading calls are refused during a capture unless the mode is relaxed.
  int mode = 0;
  cuThreadExchangeStreamCaptureMode(&mode);
  printf("load mode=%d elf=%d options=%u\n", mode, !memcmp(image, "\177ELF", 4), count);
  cuThreadExchangeStreamCaptureMode(&mode);
  if (number("STUB_LOAD", 0)) snprintf(values[0], (size_t)values[1], "log of option %d", names[0]);
  *module = (void*)1;
  return number("STUB_LOAD", 0);
}
int cuModuleUnload(void* module) { return module ? 0 : 1; }
int cuModuleGetFunction(void** function, void* module, const char* name) {
  printf("function %s\n", name);
  *function = module;
  return 0;
}
int cuFuncGetAttribute(int* value, int attribute, void* function) {
  *value = !function;
  if (attribute == 0) *value = number("STUB_THREADS", 1024);
  if (attribute == 4) *value = 32;
  return 0;
}
int cuFuncSetAttribute(void* function, int attribute, int value) {
  printf("set %d %d\n", attribute, value);
  return !function;
}
int cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, void* function, int threads,
                                                size_t bytes) {
  *blocks = function && threads > 0 && bytes < 1 << 20 ? 2 : 0;
  return 0;
}
int cuLaunchKernel(void* function, unsigned x, unsigned y, unsigned z, unsigned bx, unsigned by,
                   unsigned bz, unsigned shared, void* stream, void** params, void** extra) {
  const int count = number("STUB_PARAMS", 0);
  printf("launch grid=%u,%u,%u block=%u,%u,%u shared=%u stream=%ld context=%ld params=", x, y, z, bx,
         by, bz, shared, (long)stream, (long)current);
  for (int i = 0; i < count; ++i) printf("%s%lld", i ? "," : "", *(long long*)params[i]);
  printf("\n");
  fflush(stdout);
  return function && !extra ? number("STUB_LAUNCH", 0) : 1;
}
int cuLaunchCooperativeKernel(void* function, unsigned x, unsigned y, unsigned z, unsigned bx,
                              unsigned by, unsigned bz, unsigned shared, void* stream,
                              void** params) {
  printf("cooperative ");
  return cuLaunchKernel(function, x, y, z, bx, by, bz, shared, stream, params, 0);
}
