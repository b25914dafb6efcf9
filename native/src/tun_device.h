// A TUN interface: whole IP packets in and out, without a header in front. It vanishes with its descriptor.
#ifndef MHTUN_TUN_DEVICE_H_
#define MHTUN_TUN_DEVICE_H_

#include <napi.h>

#include "arena.h"
#include "poller.h"

namespace mhtun {

class TunDevice : public Napi::ObjectWrap<TunDevice> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit TunDevice(const Napi::CallbackInfo& info);
  ~TunDevice() override;

 private:
  // open(name, queues): the interface's index. With queues for a native data plane each packet has a virtio header.
  Napi::Value Open(const Napi::CallbackInfo& info);
  // start(slots, slotBytes, lengths, listener(count, error)): 0. Packet i lies at i * slotBytes and is lengths[i] long.
  Napi::Value Start(const Napi::CallbackInfo& info);
  // write(packet): octets written.
  Napi::Value Write(const Napi::CallbackInfo& info);
  // descriptor(): for the native data plane.
  Napi::Value Descriptor(const Napi::CallbackInfo& info);
  // close(): 0, again and again.
  Napi::Value Close(const Napi::CallbackInfo& info);

  static void OnReadable(void* owner);
  void Shut();

  int fd_ = -1;
  // Start() took a reference to this object, which Close() gives back.
  bool held_ = false;
  size_t slot_bytes_ = 0;
  HeldBytes slots_;
  HeldNumbers lengths_;
  Napi::FunctionReference listener_;
  Poller poller_;
};

}  // namespace mhtun

#endif  // MHTUN_TUN_DEVICE_H_
