// The lab's clock and what a program needs to be punctual on a machine that others use too.
#pragma once
#include <cstdint>
#include <ctime>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

// The kernel stamps packets by this clock, so everything is told in it.
inline int64_t now_ns() {
  timespec at;
  clock_gettime(CLOCK_REALTIME, &at);
  return at.tv_sec * 1'000'000'000LL + at.tv_nsec;
}

inline timespec as_timespec(int64_t ns) {
  return {ns / 1'000'000'000, ns % 1'000'000'000};
}

// When the kernel received a message; `otherwise` where it does not say.
inline int64_t arrival_ns(msghdr& message, int64_t otherwise) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_TIMESTAMPNS) continue;
    const timespec* at = reinterpret_cast<const timespec*>(CMSG_DATA(part));
    return at->tv_sec * 1'000'000'000LL + at->tv_nsec;
  }
  return otherwise;
}

// Woken before ordinary programs, without slack, with no page to be fetched. Where it may not, it is less punctual.
inline void be_punctual() {
  sched_param priority{};
  priority.sched_priority = 10;
  sched_setscheduler(0, SCHED_FIFO, &priority);
  prctl(PR_SET_TIMERSLACK, 1);
  mlockall(MCL_CURRENT | MCL_FUTURE);
}
