// The thread of the other direction: from the sockets to a queue of the TUN device.
#ifndef MHTUN_PLANE_RECEIVE_WORKER_H_
#define MHTUN_PLANE_RECEIVE_WORKER_H_

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "inbound.h"
#include "packet_memory.h"
#include "worker.h"

namespace mhtun {

class ReceiveWorker : public Worker {
 public:
  ReceiveWorker(PlaneState* state, const PlaneClock* clock, size_t index, MergeOptions merge);

  // Any thread; 0 or an errno.
  int Add(const Socket& socket) { return Watch(socket.fds[index_], EPOLLIN, kFirstSocketTag + socket.id); }
  // What came before its SA, to be received again.
  void Send(std::vector<EarlyPacket> packets);
  void Remove(const Socket& socket) { Unwatch(socket.fds[index_]); }

 protected:
  void Ready(double now, uint64_t tag) override;
  void Woken(double now) override;
  void EndTurn(double /*now*/) override {}

 private:
  // Messages read at a time; each may be as many datagrams as one IP packet holds.
  static constexpr size_t kMessages = 16;

  const size_t index_;
  Inbound inbound_;
  std::mutex mutex_;
  std::vector<EarlyPacket> early_;
  PacketMemory slots_;
  mmsghdr messages_[kMessages];
  iovec vectors_[kMessages];
  SockAddr names_[kMessages];
  Control controls_[kMessages];
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_RECEIVE_WORKER_H_
