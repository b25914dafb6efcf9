// Datagrams on their way out: sealed one after the other into one area, those of one size to one peer handed to the kernel as
// one message (UDP_SEGMENT) where it takes that. What does not fit into a socket waits in its port.
#ifndef MHTUN_PLANE_SEND_BATCH_H_
#define MHTUN_PLANE_SEND_BATCH_H_

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "../datagram.h"
#include "packet_memory.h"
#include "plane_state.h"

namespace mhtun {

// Sealed datagrams of one socket that wait for room, in order.
struct SealedQueue {
  struct Run {
    SockAddr name;
    socklen_t name_length;
    Endpoint remote;
    uint8_t tos;
    uint16_t segment;
    uint16_t count;
    size_t at;
    size_t octets;
  };
  std::vector<Run> runs;
  std::vector<uint8_t> octets;
  size_t next = 0;

  bool empty() const { return next == runs.size(); }
  void Clear() {
    runs.clear();
    octets.clear();
    next = 0;
  }
};

class SendBatch {
 public:
  // Whoever keeps what a full socket left behind.
  class Overflow {
   public:
    virtual ~Overflow() = default;
    // Where what `socket` does not take now waits until it has room.
    virtual SealedQueue* QueueOf(Socket* socket) = 0;
  };

  SendBatch(PlaneState* state, size_t worker, Overflow* overflow, bool segment);

  // Room for a datagram of at most kMaxDatagramOctets. What is in the area may leave before.
  uint8_t* Reserve(double now, size_t octets);
  // The datagram in the room just reserved is complete.
  void Commit(const Route& route, uint8_t tos, size_t octets);
  void Flush(double now);
  size_t octets() const { return used_; }
  // What waited for room; false where it still does.
  bool Resume(double now, Socket* socket, SealedQueue* queue);

 private:
  struct Run {
    Socket* socket;
    SealedQueue::Run what;
  };

  size_t Send(double now, Socket* socket, const SealedQueue::Run* runs, size_t count, const uint8_t* area, bool* full);
  void SendSingly(double now, Socket* socket, const SealedQueue::Run& run, const uint8_t* area);
  void Fill(size_t index, Socket* socket, const SealedQueue::Run& run, const uint8_t* area);

  static constexpr size_t kMessages = 64;

  PlaneState* const state_;
  const size_t worker_;
  Overflow* const overflow_;
  const bool segment_;
  // Messages still to go out in pieces, since the kernel refused to take several datagrams as one.
  int plain_ = 0;
  PacketMemory area_;
  size_t used_ = 0;
  std::vector<Run> runs_;
  mmsghdr messages_[kMessages];
  iovec vectors_[kMessages];
  Control controls_[kMessages];
  // Runs of one socket, for sending.
  std::vector<SealedQueue::Run> same_;
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_SEND_BATCH_H_
