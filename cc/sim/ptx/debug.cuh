// What a kernel says to the host.
#pragma once

#include <stdio.h>

namespace ts::ptx {

TS_DEVICE void device_assert(bool condition, const char* message) {
  ::ts_sim_device_assert(condition, message);
}

template <typename... Values>
TS_DEVICE void print(const char* format, Values... values) {
  char text[256];
  snprintf(text, sizeof(text), format, values...);
  ::ts_sim_print(text);
}

}  // namespace ts::ptx
