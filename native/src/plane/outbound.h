// What the kernel routed into the TUN device: policy and SA are looked up, the packet is sealed and sent, held, or refused
// (RFC 4301 §5.1, RFC 4303 §3.3). One object for each sending worker; segmented packets stay whole until they are sealed.
#ifndef MHTUN_PLANE_OUTBOUND_H_
#define MHTUN_PLANE_OUTBOUND_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "../offload/split.h"
#include "fair_queue.h"
#include "flow_cache.h"
#include "fragments.h"
#include "plane_state.h"
#include "send_batch.h"

namespace mhtun {

class Outbound : private SendBatch::Overflow {
 public:
  struct Options {
    // The kernel takes several datagrams as one (UDP_SEGMENT).
    bool segment = true;
  };

  Outbound(PlaneState* state, size_t worker, const Options& options);

  // A packet from the TUN device, which may be written to.
  void FromTun(double now, const VnetHeader& header, uint8_t* packet, size_t length);
  // SAs or policies have come: packets held for them go.
  void RetryHeld(double now);
  // RFC 4303 §2.6: a packet that carries nothing and is no traffic of anybody.
  void SendDummy(double now, double child);
  void SendUrgent(double now, const UrgentDatagram& datagram);
  // Paths may have changed: what waits for a socket may have another one now.
  void Reroute(double now);
  // That socket has room again.
  void Writable(double now, Socket* socket);
  // Everything sealed leaves.
  void Flush(double now) { batch_.Flush(now); }
  size_t octets_waiting() const { return batch_.octets(); }

  FragmentTracker& fragments() { return fragments_; }

 private:
  // What waits for a socket.
  struct Port {
    uint64_t socket = 0;
    SealedQueue sealed;
    std::unique_ptr<FairQueue> queue;

    bool busy() const { return !sealed.empty() || (queue != nullptr && !queue->empty()); }
  };

  // Neither moves anything that a caller holds.
  SealedQueue* QueueOf(Socket* socket) override { return &PortOf(socket).sealed; }
  Port& PortOf(Socket* socket);

  Found LookUp(const Tables& tables, const PacketView& view);
  static Found Walk(const Tables& tables, const PacketView& view);
  // `held_until` infinite: a packet not held before.
  void RoutePacket(double now, const Tables& tables, PacketView* view, double held_until);
  void WithoutSa(double now, const PacketView& view, const Policy& policy, double held_until);
  void Refuse(double now, const PacketView& view);
  // Cuts or refuses what is too big (RFC 4301 §8.2.1), seals the rest.
  void Fit(double now, const Tables& tables, const PacketView& view, const Sender& sender);
  void SegmentsFromTun(double now, const VnetHeader& header, uint8_t* packet, size_t length);
  // True where the packet waits for its socket now.
  bool Queue(double now, const PacketView& view, const VnetHeader& header, size_t length, const Route* route);
  // Whether a packet may be sealed at all; where it can't be any more, the child ends.
  bool MaySeal(double now, const Sender& sender);
  void Expire(const Sender& sender);
  void SealPacket(double now, const PacketView& view, const uint8_t* packet, size_t length, const Sender& sender);
  // Of a segmented packet, until `most` octets have been sealed; the index of the next one.
  size_t SealSegments(double now, const PacketView& view, const Splitter& split, size_t from, size_t most, const Sender& sender);
  void Sealed(double now, const Sender& sender);
  // Seals some of what is first in the queue.
  size_t SendQueued(double now, QueuedPacket* packet, bool* done);

  PlaneState* const state_;
  const size_t worker_;
  SendBatch batch_;
  FragmentTracker fragments_;
  FlowCache flows_;
  // By the sockets' slots.
  std::vector<std::unique_ptr<Port>> ports_;
  size_t queued_octets_ = 0;
  // While what has waited is sent it does not wait again.
  bool draining_ = false;
  // Where a segment or a piece is put together that is not sealed at once.
  std::vector<uint8_t> segment_;
  std::vector<uint8_t> piece_;
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_OUTBOUND_H_
