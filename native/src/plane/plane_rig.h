// For tests: a data plane in JavaScript's hands, in time of its own (rig_host.h).
#ifndef MHTUN_PLANE_PLANE_RIG_H_
#define MHTUN_PLANE_PLANE_RIG_H_

#include <napi.h>

#include <memory>

#include "rig_host.h"

namespace mhtun {

class PlaneRig : public Napi::ObjectWrap<PlaneRig> {
 public:
  static Napi::Function Define(Napi::Env env);
  // new PlaneRig(now, lastSequence, merge, segment)
  explicit PlaneRig(const Napi::CallbackInfo& info);

 private:
  // apply(commands): 0.
  Napi::Value Apply(const Napi::CallbackInfo& info);
  // sendIke(path, octets, whole): 0. Whole: not in fragments of IP.
  Napi::Value SendIke(const Napi::CallbackInfo& info);
  // datagrams(path, octets, tos, segment): 0.
  Napi::Value Datagrams(const Napi::CallbackInfo& info);
  // tunPacket(virtio header of 10 octets, octets): 0.
  Napi::Value TunPacket(const Napi::CallbackInfo& info);
  // advance(now): 0.
  Napi::Value Advance(const Napi::CallbackInfo& info);
  // setRoom(octets): 0.
  Napi::Value SetRoom(const Napi::CallbackInfo& info);
  // outputs(), events(), counters(): what came out since.
  Napi::Value Outputs(const Napi::CallbackInfo& info);
  Napi::Value Events(const Napi::CallbackInfo& info);
  Napi::Value Counters(const Napi::CallbackInfo& info);
  // setInner6(octets): 0.
  Napi::Value SetInner6(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);

  std::unique_ptr<RigHost> host_;
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_PLANE_RIG_H_
