// Ends a thread of a launch that loops without any access to memory: nothing else would.
#ifndef TILESCALE_CC_SIM_WATCHDOG_H_
#define TILESCALE_CC_SIM_WATCHDOG_H_

#include <time.h>

#include <cstdint>

namespace tilescale::sim {

// Looks after the launch that runs on this thread of the host, in ticks of its processor time,
// until it is destroyed. A tick arrives as a signal; it ends the launch only from inside the
// kernel's own code, which holds no lock.
class Watchdog {
 public:
  // `loop_seconds`: how long a thread may run between two accesses or switches.
  explicit Watchdog(double loop_seconds);
  ~Watchdog();
  static double TickSeconds(double loop_seconds);
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  timer_t timer_ = {};
  bool armed_ = false;
};

}  // namespace tilescale::sim

#endif  // TILESCALE_CC_SIM_WATCHDOG_H_
