#include "receive_worker.h"

#include <cerrno>
#include <iterator>
#include <utility>

namespace mhtun {
namespace {

// The largest datagram and more, and some cache lines past a power of two: slots 65,536 octets apart would put the beginning of
// every packet into the same few sets of the processor's cache.
constexpr size_t kSlotOctets = 65536 + 33 * 64;
// So that the inner packet, behind the headers of ESP and an IV of eight octets, begins on a line of the cache.
constexpr size_t kDatagramAt = 64 - 16;

}  // namespace

ReceiveWorker::ReceiveWorker(PlaneState* state, const PlaneClock* clock, size_t index, MergeOptions merge)
    : Worker("mhtun-receive", state, clock), index_(index), inbound_(state, index, merge), slots_(kMessages * kSlotOctets) {}

void ReceiveWorker::Send(std::vector<EarlyPacket> packets) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    early_.insert(early_.end(), std::make_move_iterator(packets.begin()), std::make_move_iterator(packets.end()));
  }
  Wake();
}

void ReceiveWorker::Woken(double now) {
  std::vector<EarlyPacket> packets;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    packets.swap(early_);
  }
  inbound_.ReceiveEarly(now, std::move(packets));
  inbound_.Flush();
}

void ReceiveWorker::Ready(double now, uint64_t tag) {
  Socket* socket = state_->Current().SocketById(tag - kFirstSocketTag);
  if (socket == nullptr) return;
  for (size_t i = 0; i < kMessages; i++) {
    vectors_[i] = {slots_.data() + i * kSlotOctets + kDatagramAt, kSlotOctets - kDatagramAt};
    msghdr& message = messages_[i].msg_hdr;
    message = {};
    message.msg_name = &names_[i];
    message.msg_namelen = sizeof(names_[i]);
    message.msg_iov = &vectors_[i];
    message.msg_iovlen = 1;
    message.msg_control = controls_[i].octets;
    message.msg_controllen = sizeof(controls_[i].octets);
  }
  int count = recvmmsg(socket->fds[index_], messages_, kMessages, MSG_DONTWAIT, nullptr);
  if (count < 0) {
    if (errno != EAGAIN && errno != EINTR) state_->SendFailed(now, socket->PathTo({}), false, errno, 0);
    return;
  }
  for (int i = 0; i < count; i++) {
    Received received = ControlsOf(&messages_[i].msg_hdr);
    Path path = socket->PathTo(Encode(names_[i]));
    auto* data = static_cast<uint8_t*>(vectors_[i].iov_base);
    inbound_.Receive(now, path, static_cast<uint8_t>(received.tos), data, messages_[i].msg_len, static_cast<size_t>(received.segment));
  }
  inbound_.Flush();
}

}  // namespace mhtun
