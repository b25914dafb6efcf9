// Packets that wait for a socket without room: flow queues served in turn, new and sparse ones first (RFC 8290), each held short
// by CoDel (RFC 8289). Packets wait unsealed, so that what is dropped costs no sequence number and what is late takes the
// path and SA of its moment. A segmented packet waits as one and leaves in parts.
#ifndef MHTUN_PLANE_FAIR_QUEUE_H_
#define MHTUN_PLANE_FAIR_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <vector>

#include "../offload/vnet_header.h"
#include "packet_view.h"

namespace mhtun {

struct QueuedPacket {
  VnetHeader header;
  std::vector<uint8_t> octets;
  double since = 0;
  // Segments that have left.
  size_t sent = 0;
};

class FairQueue {
 public:
  // `held`: octets held by all queues of this worker.
  explicit FairQueue(size_t* held);
  ~FairQueue();
  FairQueue(const FairQueue&) = delete;
  FairQueue& operator=(const FairQueue&) = delete;

  // Keeps a copy. How many packets had to go for it.
  size_t Add(double now, const PacketView& view, const VnetHeader& header, const uint8_t* packet, size_t length);
  // Whose turn it is; null where nothing waits. What CoDel drops meanwhile is added to `dropped`.
  QueuedPacket* Head(double now, size_t* dropped);
  // So many octets of the head have left; `done`: it is gone.
  void Sent(size_t octets, bool done);
  bool empty() const { return packets_ == 0; }
  // All that waits, flow by flow.
  std::vector<QueuedPacket> TakeAll();

 private:
  struct Flow {
    std::deque<QueuedPacket> packets;
    size_t octets = 0;
    int64_t deficit = 0;
    enum class Place : uint8_t { kNone, kNew, kOld } place = Place::kNone;
    // CoDel (RFC 8289 §5).
    double first_above = 0;
    double drop_next = 0;
    uint32_t count = 0;
    uint32_t last_count = 0;
    bool dropping = false;
  };

  static size_t FlowOf(const PacketView& view);
  void Pop(Flow* flow);
  bool ShouldDrop(double now, Flow* flow);
  // RFC 8289 §5.5: drops as many of the flow's first packets as its delay asks for.
  void Control(double now, Flow* flow, size_t* dropped);
  size_t DropFromFattest();

  std::vector<Flow> flows_;
  std::list<size_t> new_;
  std::list<size_t> old_;
  size_t packets_ = 0;
  size_t* held_;
  Flow* current_ = nullptr;
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_FAIR_QUEUE_H_
