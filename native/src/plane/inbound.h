// What arrives on the NAT port: IKE goes up, ESP is opened, checked against its SA and delivered (RFC 3948 §2, RFC 4303 §3.4,
// RFC 4301 §5.2). One object for each receiving worker. Packets of one batch that follow each other are merged again.
#ifndef MHTUN_PLANE_INBOUND_H_
#define MHTUN_PLANE_INBOUND_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "../offload/merge.h"
#include "plane_state.h"

namespace mhtun {

class Inbound {
 public:
  Inbound(PlaneState* state, size_t worker, MergeOptions merge);

  // Datagrams of one path, each `segment` octets long but for a shorter last one; 0: it is one. They are opened in place and
  // must stay until Flush().
  void Receive(double now, const Path& path, uint8_t tos, uint8_t* data, size_t length, size_t segment);
  // What came before its SA, which is there now, as if it came now.
  void ReceiveEarly(double now, std::vector<EarlyPacket> packets);
  // Delivers what has come together.
  void Flush();

 private:
  struct Datagram {
    uint8_t* data;
    size_t length;
  };
  // As many as the kernel makes one of (UDP_GRO_CNT_MAX).
  static constexpr size_t kRun = 64;

  void ReceiveOther(const Path& path, const Datagram& datagram);
  void ReceiveRun(double now, const Path& path, uint8_t tos, const Datagram* run, size_t count);
  void Open(double now, const Path& path, uint8_t tos, Child* child, InboundSa* sa, const Datagram* run, size_t count);
  void Unknown(double now, const Path& path, uint8_t tos, const Datagram* run, size_t count);
  void Refused(Child* child, InboundSa::Opened why);
  void Authenticated(double now, Child* child, const Path& path, bool advanced);
  void Unpack(double now, Child* child, InboundSa* sa, const InboundSa::Payload& payload, uint8_t outer_ecn);
  // Delivers a packet if the SA's selectors allow it (RFC 4301 §5.2 step 4).
  void Check(double now, Child* child, InboundSa* sa, PacketView* view);
  void Deliver(Child* child, InboundSa* sa, const PacketView& view);
  void Write();

  PlaneState* const state_;
  const size_t worker_;
  Merger merger_;
  // What had waited and is being delivered.
  std::vector<HeldOctets> kept_;
  // Delivered of the run at hand, not yet counted.
  uint64_t packets_ = 0;
  uint64_t octets_ = 0;
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_INBOUND_H_
