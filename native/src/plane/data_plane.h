// The native data plane for JavaScript: commands down, events, IKE and counters up. Its threads end with it, however it ends.
#ifndef MHTUN_PLANE_DATA_PLANE_H_
#define MHTUN_PLANE_DATA_PLANE_H_

#include <napi.h>

#include <memory>

#include "../poller.h"
#include "threaded_host.h"

namespace mhtun {

class DataPlane : public Napi::ObjectWrap<DataPlane> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit DataPlane(const Napi::CallbackInfo& info);
  ~DataPlane() override;

 private:
  // start(tun descriptor, tun name, workers, now, mark, without, listener(octets)): 0.
  Napi::Value Start(const Napi::CallbackInfo& info);
  // apply(commands): 0.
  Napi::Value Apply(const Napi::CallbackInfo& info);
  // sendIke(path, octets, whole): 0. Whole: not in fragments of IP.
  Napi::Value SendIke(const Napi::CallbackInfo& info);
  // counters(): numbers.
  Napi::Value Counters(const Napi::CallbackInfo& info);
  // setInner6(octets or null): 0.
  Napi::Value SetInner6(const Napi::CallbackInfo& info);
  // close(): 0, again and again.
  Napi::Value Close(const Napi::CallbackInfo& info);

  static void OnWoken(void* self) { static_cast<DataPlane*>(self)->Serve(); }
  int Begin(Napi::Env env, const HostOptions& options);
  // Timers, events, the next wake-up.
  void Serve();
  void SetTimer();
  void End();

  std::unique_ptr<ThreadedHost> host_;
  Napi::FunctionReference listener_;
  // start() took a reference to this object, which close() gives back.
  bool held_ = false;
  int wake_fd_ = -1;
  int timer_fd_ = -1;
  double timer_at_ = kNever;
  Poller wake_poller_;
  Poller timer_poller_;
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_DATA_PLANE_H_
