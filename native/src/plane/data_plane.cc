#include "data_plane.h"

#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <vector>

#include "../arena.h"
#include "plane_values.h"

namespace mhtun {
namespace {

// The least that a timer is set to: 0 would switch it off.
constexpr double kSoonestMs = 0.001;
// The most: waking early is harmless.
constexpr double kLatestMs = 3600e3;

void Drain(int fd) {
  uint64_t times;
  [[maybe_unused]] ssize_t got = read(fd, &times, sizeof(times));
}

}  // namespace

Napi::Function DataPlane::Define(Napi::Env env) {
  return DefineClass(env, "DataPlane",
                     {InstanceMethod<&DataPlane::Start>("start"), InstanceMethod<&DataPlane::Apply>("apply"),
                      InstanceMethod<&DataPlane::SendIke>("sendIke"), InstanceMethod<&DataPlane::Counters>("counters"),
                      InstanceMethod<&DataPlane::SetInner6>("setInner6"), InstanceMethod<&DataPlane::Close>("close")});
}

DataPlane::DataPlane(const Napi::CallbackInfo& info) : Napi::ObjectWrap<DataPlane>(info) {}

DataPlane::~DataPlane() { End(); }

Napi::Value DataPlane::Start(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (host_ != nullptr || info.Length() < 7 || !info[1].IsString() || !info[6].IsFunction()) return Answer(env, -EINVAL);
  for (size_t i : {0, 2, 3, 4, 5}) {
    if (!info[i].IsNumber()) return Answer(env, -EINVAL);
  }
  HostOptions options;
  options.tun_fd = info[0].As<Napi::Number>().Int32Value();
  options.tun_name = info[1].As<Napi::String>().Utf8Value();
  options.workers = std::clamp<size_t>(info[2].As<Napi::Number>().Uint32Value(), 1, kMaxWorkers);
  options.now = info[3].As<Napi::Number>().DoubleValue();
  options.mark = info[4].As<Napi::Number>().Int32Value();
  options.without = info[5].As<Napi::Number>().Uint32Value();
  int error = Begin(env, options);
  if (error != 0) {
    End();
    return Answer(env, -error);
  }
  listener_ = Napi::Persistent(info[6].As<Napi::Function>());
  // While it runs the object stays, even if JavaScript has forgotten it: only close() ends it.
  Ref();
  held_ = true;
  return Answer(env, 0);
}

int DataPlane::Begin(Napi::Env env, const HostOptions& options) {
  wake_fd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  timer_fd_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (wake_fd_ < 0 || timer_fd_ < 0) return errno;
  host_ = std::make_unique<ThreadedHost>(options);
  if (int error = host_->Start(wake_fd_); error != 0) return error;
  if (int error = wake_poller_.Start(env, wake_fd_, &DataPlane::OnWoken, this); error != 0) return -error;
  return -timer_poller_.Start(env, timer_fd_, &DataPlane::OnWoken, this);
}

Napi::Value DataPlane::Apply(const Napi::CallbackInfo& info) {
  Octets octets = info.Length() < 1 ? Octets{} : OctetsOf(info[0]);
  if (host_ == nullptr) return Answer(info.Env(), -EBADF);
  if (!octets.given) return Answer(info.Env(), -EINVAL);
  bool good = host_->plane().Apply(host_->Now(), Writable(octets), octets.length);
  SetTimer();
  return Answer(info.Env(), good ? 0 : -EINVAL);
}

Napi::Value DataPlane::SendIke(const Napi::CallbackInfo& info) {
  if (host_ == nullptr) return Answer(info.Env(), -EBADF);
  if (info.Length() < 3 || !info[2].IsBoolean()) return Answer(info.Env(), -EINVAL);
  Octets octets = OctetsOf(info[1]);
  host_->plane().SendIke(host_->Now(), PathOf(OctetsOf(info[0])), octets.data, octets.length, info[2].As<Napi::Boolean>());
  return Answer(info.Env(), 0);
}

Napi::Value DataPlane::Counters(const Napi::CallbackInfo& info) {
  std::vector<double> numbers;
  if (host_ != nullptr) host_->plane().Read(&numbers);
  return NumbersValue(info.Env(), numbers);
}

Napi::Value DataPlane::SetInner6(const Napi::CallbackInfo& info) {
  Octets octets = info.Length() < 1 ? Octets{} : OctetsOf(info[0]);
  if (host_ == nullptr) return Answer(info.Env(), -EBADF);
  if (octets.given && octets.length != 16) return Answer(info.Env(), -EINVAL);
  host_->plane().SetInner6(octets.given ? octets.data : nullptr);
  return Answer(info.Env(), 0);
}

void DataPlane::Serve() {
  Drain(wake_fd_);
  Drain(timer_fd_);
  PlaneState& state = host_->state();
  double now = host_->Now();
  if (now >= state.events.wake_at() || state.keys_to_wipe.load(std::memory_order_relaxed)) host_->plane().Tick(now);
  host_->plane().epochs().Collect();
  timer_at_ = kNever;
  SetTimer();
  std::vector<uint8_t> events = state.events.Take();
  if (events.empty()) return;
  Napi::Env env = Env();
  Napi::HandleScope scope(env);
  Napi::Object alive = Value();
  CallListener(env, listener_, alive, BytesValue(env, events));
}

void DataPlane::SetTimer() {
  double at = host_->state().events.wake_at();
  // One that is set too early comes in vain once, which costs less than to set it each time.
  if (at >= timer_at_) return;
  timer_at_ = at;
  double left = std::clamp(at - host_->Now(), kSoonestMs, kLatestMs);
  itimerspec when{};
  when.it_value.tv_sec = static_cast<time_t>(left / 1e3);
  when.it_value.tv_nsec = static_cast<long>(std::fmod(left, 1e3) * 1e6);
  timerfd_settime(timer_fd_, 0, &when, nullptr);
}

Napi::Value DataPlane::Close(const Napi::CallbackInfo& info) {
  End();
  listener_.Reset();
  if (held_) Unref();
  held_ = false;
  return Answer(info.Env(), 0);
}

void DataPlane::End() {
  wake_poller_.Stop();
  timer_poller_.Stop();
  host_.reset();
  for (int* fd : {&wake_fd_, &timer_fd_}) {
    if (*fd >= 0) close(*fd);
    *fd = -1;
  }
}

}  // namespace mhtun
