// A UDP socket on one local address and port, and on one device where one is given: batches of datagrams with the DSCP and
// ECN of their outer headers, a firewall mark on all that leaves, and no Don't Fragment. Datagrams of one size to one peer go
// through the kernel's stack as one where it can do that (UDP_SEGMENT, UDP_GRO); on the wire they are what they were.
#ifndef MHTUN_UDP_SOCKET_H_
#define MHTUN_UDP_SOCKET_H_

#include <napi.h>

#include "arena.h"
#include "poller.h"

namespace mhtun {

// Numbers about what was received: length, tos, family (4 or 6), port, the address as four words of network octets, and the
// size of each datagram where there are several of one peer in the slot (the last may be shorter), else 0.
inline constexpr size_t kReceivedWords = 9;
class UdpSocket : public Napi::ObjectWrap<UdpSocket> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit UdpSocket(const Napi::CallbackInfo& info);
  ~UdpSocket() override;

 private:
  // open(peer-shaped local address, device or "", mark, bufferBytes): the port bound.
  Napi::Value Open(const Napi::CallbackInfo& info);
  // start(slots, slotBytes, numbers, listener(count, error)): 0.
  Napi::Value Start(const Napi::CallbackInfo& info);
  // send(octets, peer, tos, whole): 0. Whole: not in fragments of IP.
  Napi::Value Send(const Napi::CallbackInfo& info);
  // sendBatch(slots, slotBytes, numbers, peers, count): how many left.
  Napi::Value SendBatch(const Napi::CallbackInfo& info);
  // close(): 0, again and again.
  Napi::Value Close(const Napi::CallbackInfo& info);

  static void OnReadable(void* owner);
  void Shut();

  int fd_ = -1;
  // Start() took a reference to this object, which Close() gives back.
  bool held_ = false;
  int family_ = 0;
  unsigned device_index_ = 0;
  // Batches still to go out one by one, since the kernel refused to take several as one.
  int plain_batches_ = 0;
  size_t slot_bytes_ = 0;
  HeldBytes slots_;
  HeldNumbers numbers_;
  Napi::FunctionReference listener_;
  Poller poller_;
};

}  // namespace mhtun

#endif  // MHTUN_UDP_SOCKET_H_
