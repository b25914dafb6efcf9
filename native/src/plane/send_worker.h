// The thread of one direction: from a queue of the TUN device to the sockets.
#ifndef MHTUN_PLANE_SEND_WORKER_H_
#define MHTUN_PLANE_SEND_WORKER_H_

#include <cstddef>
#include <cstdint>

#include "outbound.h"
#include "packet_memory.h"
#include "plane_host.h"
#include "worker.h"

namespace mhtun {

class SendWorker : public Worker {
 public:
  // The descriptor belongs to somebody else and outlives this.
  SendWorker(PlaneState* state, const PlaneClock* clock, size_t index, int tun_fd, const Outbound::Options& options);

  bool Send(Errands errands);
  // On this thread, or before it starts.
  void AwaitRoom(Socket* socket);
  Outbound& outbound() { return outbound_; }

 protected:
  void Ready(double now, uint64_t tag) override;
  void Woken(double now) override { mailbox_.Take().CarryOut(now, &outbound_); }
  void EndTurn(double now) override { outbound_.Flush(now); }

 private:
  void ReadTun(double now);

  static constexpr uint64_t kTunTag = 1;

  const int tun_fd_;
  Outbound outbound_;
  PacketMemory packet_;
  Mailbox mailbox_;
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_SEND_WORKER_H_
