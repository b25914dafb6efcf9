// A plane over the kernel: threads for both directions, the queues of the TUN device, the sockets.
#ifndef MHTUN_PLANE_THREADED_HOST_H_
#define MHTUN_PLANE_THREADED_HOST_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "../tun_open.h"
#include "plane.h"
#include "plane_host.h"
#include "receive_worker.h"
#include "send_worker.h"
#include "worker.h"

namespace mhtun {

// What is done without though the kernel may have it; bits as in lib/platform/native-data-plane.ts.
inline constexpr unsigned kWithoutTso = 1;
inline constexpr unsigned kWithoutUso = 2;
inline constexpr unsigned kWithoutSegment = 4;
inline constexpr unsigned kWithoutGro = 8;

struct HostOptions {
  // A queue of the TUN device; others are opened by its name.
  int tun_fd = -1;
  std::string tun_name;
  size_t workers = 1;
  // What JavaScript's clock says.
  double now = 0;
  int mark = 0;
  unsigned without = 0;
};

class ThreadedHost : public PlaneHost, public PlaneIo {
 public:
  explicit ThreadedHost(const HostOptions& options);
  ~ThreadedHost() override;

  // 0 or an errno.
  int Start(int wake_fd);
  // Threads have ended afterwards; nothing is sent or delivered any more.
  void Stop();

  Plane& plane() { return *plane_; }
  PlaneState& state() { return *state_; }
  double Now() const { return clock_.Now(); }

  int Open(Socket* socket) override;
  void Shut(Socket* socket) override;
  bool Send(size_t worker, Errands errands) override { return senders_[worker]->Send(std::move(errands)); }
  void Receive(std::vector<EarlyPacket> packets) override { receivers_[0]->Send(std::move(packets)); }
  Outbound& outbound(size_t worker) override { return senders_[worker]->outbound(); }
  bool HasEverySocket() const override { return false; }

  int Send(Socket* socket, mmsghdr* messages, unsigned count) override;
  int SendWhole(Socket* socket, mmsghdr* message) override;
  bool WriteTun(size_t worker, const iovec* parts, int count) override;
  void AwaitRoom(size_t worker, Socket* socket) override { senders_[worker]->AwaitRoom(socket); }

 private:
  int OpenQueues();

  const HostOptions options_;
  const PlaneClock clock_;
  bool vnet_ = false;
  TunOffloads offloads_;
  std::vector<int> tun_fds_;
  std::unique_ptr<PlaneState> state_;
  std::vector<std::unique_ptr<SendWorker>> senders_;
  std::vector<std::unique_ptr<ReceiveWorker>> receivers_;
  std::unique_ptr<Plane> plane_;
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_THREADED_HOST_H_
