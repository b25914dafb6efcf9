#include "send_batch.h"

#include <netinet/udp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace mhtun {
namespace {

// Two segmented packets of the TUN device, sealed; small enough for a processor's cache.
constexpr size_t kAreaOctets = 192 * 1024;
// What the kernel takes as one at most (UDP_MAX_SEGMENTS), and octets of an IP packet with room for its headers.
constexpr size_t kMaxSegments = 64;
constexpr size_t kMaxSegmentedOctets = 65000;
// After a refusal (a path narrower than the datagrams, a device that can't): then it is tried again.
constexpr int kPlainMessages = 1000;
// Of one socket: what was sealed before it was known to be full, and what must not wait behind others.
constexpr size_t kMaxSealedOctets = 2 * kAreaOctets;

bool RefusesSegments(int error) {
  return error == EINVAL || error == EMSGSIZE || error == EIO || error == ENOPROTOOPT || error == EOPNOTSUPP;
}

}  // namespace

SendBatch::SendBatch(PlaneState* state, size_t worker, Overflow* overflow, bool segment)
    : state_(state), worker_(worker), overflow_(overflow), segment_(segment), area_(kAreaOctets) {}

uint8_t* SendBatch::Reserve(double now, size_t octets) {
  if (used_ + octets > area_.size()) Flush(now);
  return area_.data() + used_;
}

void SendBatch::Commit(const Route& route, uint8_t tos, size_t octets) {
  size_t at = used_;
  used_ += octets;
  if (!runs_.empty() && segment_ && plain_ == 0) {
    SealedQueue::Run& last = runs_.back().what;
    // All of one length but for a shorter last one.
    bool open = last.octets == static_cast<size_t>(last.count) * last.segment && last.count < kMaxSegments;
    if (open && octets > 0 && octets <= last.segment && last.octets + octets <= kMaxSegmentedOctets &&
        runs_.back().socket == route.socket && last.tos == tos && last.remote == route.path.remote) {
      last.count++;
      last.octets += octets;
      return;
    }
  }
  if (plain_ > 0) plain_--;
  runs_.push_back({route.socket, {route.name, route.name_length, route.path.remote, tos, static_cast<uint16_t>(octets), 1, at, octets}});
}

void SendBatch::Flush(double now) {
  for (size_t first = 0; first < runs_.size();) {
    Socket* socket = runs_[first].socket;
    same_.clear();
    size_t end = first;
    while (end < runs_.size() && runs_[end].socket == socket) same_.push_back(runs_[end++].what);
    first = end;
    SealedQueue* waiting = overflow_->QueueOf(socket);
    bool full = !waiting->empty();
    size_t left = full ? 0 : Send(now, socket, same_.data(), same_.size(), area_.data(), &full);
    if (!full) continue;
    // Order is kept: what follows waits behind.
    for (size_t i = left; i < same_.size(); i++) {
      SealedQueue::Run run = same_[i];
      if (waiting->octets.size() + run.octets > kMaxSealedOctets) {
        state_->dropped.Count(Drop::kQueueFull, run.count);
        continue;
      }
      const uint8_t* from = area_.data() + run.at;
      run.at = waiting->octets.size();
      waiting->octets.insert(waiting->octets.end(), from, from + run.octets);
      waiting->runs.push_back(run);
    }
    state_->io->AwaitRoom(worker_, socket);
  }
  runs_.clear();
  used_ = 0;
}

bool SendBatch::Resume(double now, Socket* socket, SealedQueue* queue) {
  bool full = false;
  queue->next += Send(now, socket, queue->runs.data() + queue->next, queue->runs.size() - queue->next, queue->octets.data(), &full);
  if (full) {
    state_->io->AwaitRoom(worker_, socket);
    return false;
  }
  queue->Clear();
  return true;
}

// How many runs are done with. `full`: the socket has no room for the next.
size_t SendBatch::Send(double now, Socket* socket, const SealedQueue::Run* runs, size_t count, const uint8_t* area, bool* full) {
  size_t done = 0;
  while (done < count) {
    size_t n = std::min(count - done, kMessages);
    for (size_t i = 0; i < n; i++) Fill(i, socket, runs[done + i], area);
    int sent = state_->io->Send(socket, messages_, static_cast<unsigned>(n));
    if (sent > 0) {
      done += static_cast<size_t>(sent);
      continue;
    }
    if (sent == -EAGAIN) {
      *full = true;
      return done;
    }
    const SealedQueue::Run& run = runs[done++];
    if (run.count > 1 && RefusesSegments(-sent)) {
      plain_ = kPlainMessages;
      SendSingly(now, socket, run, area);
    } else {
      state_->SendFailed(now, socket->PathTo(run.remote), true, -sent, run.count);
    }
  }
  return done;
}

void SendBatch::SendSingly(double now, Socket* socket, const SealedQueue::Run& run, const uint8_t* area) {
  for (size_t i = 0; i < run.count; i++) {
    SealedQueue::Run one = run;
    one.at = run.at + i * run.segment;
    one.octets = std::min<size_t>(run.segment, run.octets - i * run.segment);
    one.count = 1;
    Fill(0, socket, one, area);
    int sent = state_->io->Send(socket, messages_, 1);
    if (sent < 0) state_->SendFailed(now, socket->PathTo(run.remote), true, -sent, 1);
  }
}

void SendBatch::Fill(size_t index, Socket* socket, const SealedQueue::Run& run, const uint8_t* area) {
  vectors_[index] = {const_cast<uint8_t*>(area) + run.at, run.octets};
  msghdr& message = messages_[index].msg_hdr;
  message = {};
  message.msg_name = const_cast<SockAddr*>(&run.name);
  message.msg_namelen = run.name_length;
  message.msg_iov = &vectors_[index];
  message.msg_iovlen = 1;
  SetControls(&message, &controls_[index], socket->family == 6 ? AF_INET6 : AF_INET, run.tos, run.count > 1 ? run.segment : uint16_t{0});
}

}  // namespace mhtun
