#include "outgoing.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "arena.h"

namespace mhtun {
namespace {

// How long a full send buffer may hold us up: a link's queue drains in less, and one that does not must not stop the others.
constexpr int kSendPatienceMs = 1;
// What the kernel takes as one at most (UDP_MAX_SEGMENTS), and octets of an IP packet with room for its headers.
constexpr size_t kMaxSegments = 64;
constexpr size_t kMaxSegmentedOctets = 65000;

// The headers of one batch. Each thread has its own; nothing in it outlives a call.
struct Batch {
  Group groups[kBatchPackets];
  mmsghdr messages[kBatchPackets];
  iovec vectors[kBatchPackets];
  SockAddr names[kBatchPackets];
  Control controls[kBatchPackets];
};
thread_local Batch batch;

bool RefusesSegments(int error) {
  return error == EINVAL || error == EMSGSIZE || error == EIO || error == ENOPROTOOPT || error == EOPNOTSUPP;
}

}  // namespace

Outgoing::Outgoing(const uint8_t* slots, size_t slot_bytes, int32_t* numbers, const uint8_t* peers, size_t count, int family,
                   unsigned device_index)
    : slots_(slots),
      slot_bytes_(slot_bytes),
      numbers_(numbers),
      peers_(peers),
      count_(count),
      family_(family),
      device_index_(device_index) {
  for (size_t i = 0; i < count; i++) {
    numbers[i * kSendWords] = std::clamp<int32_t>(numbers[i * kSendWords], 0, static_cast<int32_t>(slot_bytes));
    Fail(i, 0);
  }
}

int64_t Outgoing::Send(int fd, bool may_segment, bool* refused) {
  size_t groups = Prepare(may_segment);
  size_t left = 0;
  bool waited = false;
  for (size_t next = 0; next < groups;) {
    int sent = sendmmsg(fd, batch.messages + next, static_cast<unsigned>(groups - next), MSG_DONTWAIT);
    int error = sent < 0 ? errno : 0;
    for (int i = 0; i < sent; i++) left += batch.groups[next++].count;
    if (sent > 0 || error == EINTR) continue;
    if (error == EAGAIN && !waited) {
      // A queue that is full for a moment is back-pressure, not loss: the sender inside the tunnel then sees it in time.
      waited = true;
      pollfd writable{fd, POLLOUT, 0};
      poll(&writable, 1, kSendPatienceMs);
      continue;
    }
    const Group group = batch.groups[next];
    if (group.count > 1 && RefusesSegments(error)) {
      *refused = true;
      left += SendSingly(fd, next);
    } else {
      for (size_t i = group.first; i < group.first + group.count; i++) Fail(i, error);
    }
    next++;
  }
  return static_cast<int64_t>(left);
}

// How many from `first` on can be one message: to one peer with one TOS, all of one length but for a shorter last one.
size_t Outgoing::Run(size_t first) const {
  size_t length = Length(first);
  size_t total = length;
  size_t n = 1;
  while (length > 0 && n < kMaxSegments && first + n < count_) {
    size_t i = first + n;
    total += Length(i);
    if (Length(i) > length || Length(i) == 0 || total > kMaxSegmentedOctets || Tos(i) != Tos(first)) break;
    if (std::memcmp(peers_ + i * kPeerOctets, peers_ + first * kPeerOctets, kPeerOctets) != 0) break;
    n++;
    if (Length(i) < length) break;
  }
  return n;
}

void Outgoing::Fill(size_t message_index, size_t first, size_t n) const {
  msghdr& message = batch.messages[message_index].msg_hdr;
  message = {};
  // A peer that is none gets a length of 0, and the kernel answers EDESTADDRREQ.
  message.msg_namelen = Decode(peers_ + first * kPeerOctets, device_index_, &batch.names[message_index]);
  message.msg_name = message.msg_namelen == 0 ? nullptr : &batch.names[message_index];
  message.msg_iov = &batch.vectors[first];
  message.msg_iovlen = n;
  auto segment = n > 1 ? static_cast<uint16_t>(Length(first)) : uint16_t{0};
  SetControls(&message, &batch.controls[message_index], family_, Tos(first), segment);
}

// Fills the batch; the number of messages it has become.
size_t Outgoing::Prepare(bool may_segment) const {
  size_t groups = 0;
  for (size_t first = 0; first < count_;) {
    size_t n = may_segment ? Run(first) : 1;
    for (size_t i = first; i < first + n; i++) batch.vectors[i] = {const_cast<uint8_t*>(slots_) + i * slot_bytes_, Length(i)};
    Fill(groups, first, n);
    batch.groups[groups++] = {first, n};
    first += n;
  }
  return groups;
}

// The datagrams of a message that was refused, one by one; how many left. The message itself is done with.
int64_t Outgoing::SendSingly(int fd, size_t message_index) {
  int64_t left = 0;
  const Group group = batch.groups[message_index];
  for (size_t i = group.first; i < group.first + group.count; i++) {
    Fill(message_index, i, 1);
    if (sendmsg(fd, &batch.messages[message_index].msg_hdr, MSG_DONTWAIT) < 0) {
      Fail(i, errno);
    } else {
      left++;
    }
  }
  return left;
}

}  // namespace mhtun
