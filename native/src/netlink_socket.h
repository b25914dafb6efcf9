// A netlink socket: requests with all their answers in one call, and multicast groups from the event loop.
// What the messages mean is JavaScript's business.
#ifndef MHTUN_NETLINK_SOCKET_H_
#define MHTUN_NETLINK_SOCKET_H_

#include <napi.h>

#include "arena.h"
#include "poller.h"

namespace mhtun {

class NetlinkSocket : public Napi::ObjectWrap<NetlinkSocket> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit NetlinkSocket(const Napi::CallbackInfo& info);
  ~NetlinkSocket() override;

 private:
  // open(protocol, groups): 0.
  Napi::Value Open(const Napi::CallbackInfo& info);
  // transact(octets): a Uint8Array with every answer, or an errno, negated. The kernel has answered when sendmsg returns.
  Napi::Value Transact(const Napi::CallbackInfo& info);
  // start(buffer, listener(octets, error)): 0. Several messages may come together. ENOBUFS: some were lost. The buffer takes 64 KiB at least.
  Napi::Value Start(const Napi::CallbackInfo& info);
  // close(): 0, again and again.
  Napi::Value Close(const Napi::CallbackInfo& info);

  static void OnReadable(void* owner);

  int fd_ = -1;
  // Start() took a reference to this object, which Close() gives back.
  bool held_ = false;
  HeldBytes buffer_;
  Napi::FunctionReference listener_;
  Poller poller_;
};

}  // namespace mhtun

#endif  // MHTUN_NETLINK_SOCKET_H_
