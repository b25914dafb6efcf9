// What the threads of a plane have in common: a name, an epoll loop, an end, and the time.
#ifndef MHTUN_PLANE_WORKER_H_
#define MHTUN_PLANE_WORKER_H_

#include <pthread.h>
#include <sys/epoll.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "epochs.h"
#include "plane_state.h"

namespace mhtun {

// Monotonic time in milliseconds, from JavaScript's origin.
class PlaneClock {
 public:
  // What JavaScript's clock says now.
  explicit PlaneClock(double now) : offset_(now - Monotonic()) {}
  double Now() const { return Monotonic() + offset_; }

 private:
  static double Monotonic();

  const double offset_;
};

class Worker {
 public:
  // `name`: at most 15 characters.
  Worker(const char* name, PlaneState* state, const PlaneClock* clock);
  virtual ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // 0 or an errno. Descriptors are there from the beginning, so that it may be asked things before.
  int Start(Epochs* epochs, Epochs::Reader* reader);
  // The thread has ended afterwards.
  void Stop();
  // Its next turn comes at once.
  void Wake();

 protected:
  static constexpr uint64_t kWakeTag = 0;
  // Tags of sockets are their ids and this.
  static constexpr uint64_t kFirstSocketTag = 16;

  // What is ready, between entering and leaving the reader.
  virtual void Ready(double now, uint64_t tag) = 0;
  virtual void EndTurn(double now) = 0;
  // Somebody called Wake().
  virtual void Woken(double now) = 0;
  int Watch(int fd, uint32_t events, uint64_t tag);
  void Unwatch(int fd);

  PlaneState* const state_;

 private:
  static void* Run(void* self);
  void Loop();

  const char* const name_;
  const PlaneClock* const clock_;
  Epochs* epochs_ = nullptr;
  Epochs::Reader* reader_ = nullptr;
  int epoll_ = -1;
  int wake_ = -1;
  pthread_t thread_{};
  bool running_ = false;
  std::atomic<bool> stopping_{false};
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_WORKER_H_
