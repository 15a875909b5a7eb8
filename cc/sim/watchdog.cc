#include "cc/sim/watchdog.h"

#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "cc/sim/launch.h"

namespace tilescale::sim {
namespace {

constexpr uint32_t kTicks = 64;  // without progress: then the thread loops

int Signal() { return SIGRTMIN + 6; }

uintptr_t ProgramCounter(void* context) {
  const auto& machine = static_cast<ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  return static_cast<uintptr_t>(machine.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return machine.pc;
#else
  (void)machine;
  return 0;  // never inside the kernel: no loop is ended
#endif
}

void OnTick(int, siginfo_t*, void* context) {
  Thread* thread = CurrentThread();
  if (!thread) return;
  Launch* launch = thread->launch;
  ++launch->ticks;
  uintptr_t pc = ProgramCounter(context);
  if (launch->IsCancelled() && launch->InModule(pc)) {
    launch->Fail(thread, "cancelled", "the launch was interrupted", launch->Offset(pc) + 1);
  }
  uint64_t work = launch->report.counters.accesses + launch->report.counters.switches;
  if (work != launch->watched_work) {
    launch->watched_work = work;
    launch->idle_ticks = 0;
    return;
  }
  if (++launch->idle_ticks < kTicks || !launch->InModule(pc)) return;
  // Sites are return addresses: behind the instruction.
  launch->Fail(thread, "endless_loop",
               "a thread ran for a long time without an access to shared or global memory",
               launch->Offset(pc) + 1);
}

// One handler for the process: it acts only on threads that run a launch.
bool Install() {
  struct sigaction action = {};
  action.sa_sigaction = OnTick;
  // The handler may leave for the scheduler and never return, so its signal is not blocked in it.
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_NODEFER;
  return sigaction(Signal(), &action, nullptr) == 0;
}

}  // namespace

double Watchdog::TickSeconds(double loop_seconds) { return std::max(loop_seconds / kTicks, 1e-3); }

Watchdog::Watchdog(double loop_seconds) {
  static const bool installed = Install();
  if (!installed || loop_seconds <= 0) return;
  sigevent event = {};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = Signal();
  event._sigev_un._tid = static_cast<pid_t>(syscall(SYS_gettid));
  if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer_) != 0) return;
  armed_ = true;
  double tick = TickSeconds(loop_seconds);
  itimerspec interval = {};
  interval.it_interval.tv_sec = static_cast<time_t>(tick);
  interval.it_interval.tv_nsec = static_cast<long>((tick - std::floor(tick)) * 1e9);
  interval.it_value = interval.it_interval;
  timer_settime(timer_, 0, &interval, nullptr);
}

Watchdog::~Watchdog() {
  if (armed_) timer_delete(timer_);
}

}  // namespace tilescale::sim
