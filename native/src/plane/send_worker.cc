#include "send_worker.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "../offload/vnet_header.h"

namespace mhtun {
namespace {

// Packets read before other descriptors have their turn.
constexpr int kPacketsAtATime = 64;
// What is sealed leaves when it is about one segmented packet.
constexpr size_t kFlushOctets = 48 * 1024;
// So that the packet behind its virtio header begins on a line of the processor's cache.
constexpr size_t kHeaderAt = 64 - sizeof(VnetHeader);
constexpr size_t kPacketOctets = 64 + kMaxInnerOctets;

}  // namespace

SendWorker::SendWorker(PlaneState* state, const PlaneClock* clock, size_t index, int tun_fd, const Outbound::Options& options)
    : Worker("mhtun-send", state, clock), tun_fd_(tun_fd), outbound_(state, index, options), packet_(kPacketOctets) {
  Watch(tun_fd_, EPOLLIN, kTunTag);
}

bool SendWorker::Send(Errands errands) {
  bool room = mailbox_.Put(std::move(errands));
  Wake();
  return room;
}

void SendWorker::AwaitRoom(Socket* socket) {
  if (!socket->fds.empty()) Watch(socket->fds[0], EPOLLOUT | EPOLLONESHOT, kFirstSocketTag + socket->id);
}

void SendWorker::Ready(double now, uint64_t tag) {
  if (tag == kTunTag) return ReadTun(now);
  // One that has been closed meanwhile is not there any more.
  Socket* socket = state_->Current().SocketById(tag - kFirstSocketTag);
  if (socket != nullptr) outbound_.Writable(now, socket);
}

void SendWorker::ReadTun(double now) {
  uint8_t* packet = packet_.data() + 64;
  uint8_t* from = state_->vnet ? packet_.data() + kHeaderAt : packet;
  const size_t head = static_cast<size_t>(packet - from);
  for (int i = 0; i < kPacketsAtATime; i++) {
    ssize_t n = read(tun_fd_, from, kMaxInnerOctets + head);
    if (n < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return;
      // An interface that was deleted would wake us for ever.
      Unwatch(tun_fd_);
      return state_->events.TunFailed(errno);
    }
    VnetHeader header;
    if (static_cast<size_t>(n) <= head) continue;
    if (state_->vnet) std::memcpy(&header, from, sizeof(header));
    outbound_.FromTun(now, header, packet, static_cast<size_t>(n) - head);
    if (outbound_.octets_waiting() >= kFlushOctets) outbound_.Flush(now);
  }
}

}  // namespace mhtun
