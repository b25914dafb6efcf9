#include "worker.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

namespace mhtun {
namespace {

constexpr int kEventsAtATime = 32;

}  // namespace

double PlaneClock::Monotonic() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

Worker::Worker(const char* name, PlaneState* state, const PlaneClock* clock) : state_(state), name_(name), clock_(clock) {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  wake_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  Watch(wake_, EPOLLIN, kWakeTag);
}

Worker::~Worker() {
  if (wake_ >= 0) close(wake_);
  if (epoll_ >= 0) close(epoll_);
}

int Worker::Start(Epochs* epochs, Epochs::Reader* reader) {
  if (epoll_ < 0 || wake_ < 0) return EMFILE;
  epochs_ = epochs;
  reader_ = reader;
  // Signals are for the main thread.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = pthread_create(&thread_, nullptr, &Worker::Run, this);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  running_ = error == 0;
  if (running_) pthread_setname_np(thread_, name_);
  return error;
}

void Worker::Stop() {
  if (!running_) return;
  stopping_.store(true, std::memory_order_relaxed);
  Wake();
  pthread_join(thread_, nullptr);
  running_ = false;
}

void Worker::Wake() {
  uint64_t one = 1;
  // A counter that is full wakes as well.
  [[maybe_unused]] ssize_t written = write(wake_, &one, sizeof(one));
}

int Worker::Watch(int fd, uint32_t events, uint64_t tag) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0) return 0;
  if (errno == EEXIST && epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event) == 0) return 0;
  return errno;
}

void Worker::Unwatch(int fd) { epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr); }

void* Worker::Run(void* self) {
  static_cast<Worker*>(self)->Loop();
  return nullptr;
}

void Worker::Loop() {
  epoll_event events[kEventsAtATime];
  while (!stopping_.load(std::memory_order_relaxed)) {
    int count = epoll_wait(epoll_, events, kEventsAtATime, -1);
    if (count <= 0) continue;
    reader_->Enter();
    double now = clock_->Now();
    for (int i = 0; i < count; i++) {
      uint64_t tag = events[i].data.u64;
      if (tag != kWakeTag) {
        Ready(now, tag);
        continue;
      }
      uint64_t times;
      [[maybe_unused]] ssize_t got = read(wake_, &times, sizeof(times));
      Woken(now);
    }
    EndTurn(now);
    reader_->Leave();
    // The control thread has something to free, keys perhaps, and waits for us.
    if (epochs_->Awaited()) state_->events.Wake();
  }
}

}  // namespace mhtun
