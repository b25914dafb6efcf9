#include "rig_host.h"

#include <netinet/udp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "../offload/split.h"

namespace mhtun {
namespace {

// Kinds of outputs, beyond those of events.
constexpr uint8_t kSent = 20;
constexpr uint8_t kWritten = 21;

}  // namespace

RigHost::RigHost(const Options& options, double now) : options_(options), now_(now) {
  state_ = std::make_unique<PlaneState>(this, -1, options.merge);
  Outbound::Options outbound;
  outbound.segment = options.segment;
  outbound_ = std::make_unique<Outbound>(state_.get(), 0, outbound);
  inbound_ = std::make_unique<Inbound>(state_.get(), 0, MergeOptions{options.merge, options.merge, options.merge});
  PlaneOptions plane;
  plane.last_sequence = options.last_sequence;
  plane_ = std::make_unique<Plane>(plane, state_.get(), this);
}

// The plane ends before what it uses.
RigHost::~RigHost() { plane_.reset(); }

void RigHost::Apply(uint8_t* commands, size_t length) {
  plane_->Apply(now_, commands, length);
  Settle();
}

void RigHost::SendIke(const Path& path, const uint8_t* octets, size_t length, bool whole) {
  plane_->SendIke(now_, path, octets, length, whole);
}

void RigHost::Datagrams(const Path& path, uint8_t tos, uint8_t* data, size_t length, size_t segment) {
  inbound_->Receive(now_, path, tos, data, length, segment);
  inbound_->Flush();
  Settle();
}

void RigHost::TunPacket(const VnetHeader& header, uint8_t* packet, size_t length) {
  outbound_->FromTun(now_, header, packet, length);
  outbound_->Flush(now_);
  Settle();
}

void RigHost::Advance(double to) {
  while (state_->events.wake_at() <= to) {
    now_ = std::max(now_, state_->events.wake_at());
    plane_->Tick(now_);
  }
  now_ = to;
}

void RigHost::SetRoom(double octets) {
  room_ = octets;
  // Each asks again while something waits.
  while (room_ > 0 && !awaited_.empty()) {
    Socket* socket = state_->Current().SocketById(awaited_.back());
    awaited_.pop_back();
    if (socket != nullptr) outbound_->Writable(now_, socket);
    outbound_->Flush(now_);
  }
  Settle();
}

// What a worker has asked of the control half.
void RigHost::Settle() {
  if (state_->keys_to_wipe.load()) plane_->Tick(now_);
}

std::vector<uint8_t> RigHost::TakeOutputs() { return std::exchange(outputs_, {}); }

int RigHost::Open(Socket* /*socket*/) { return 0; }

void RigHost::Shut(Socket* /*socket*/) {}

bool RigHost::Send(size_t /*worker*/, Errands errands) {
  errands.CarryOut(now_, outbound_.get());
  outbound_->Flush(now_);
  return true;
}

void RigHost::Receive(std::vector<EarlyPacket> packets) {
  inbound_->ReceiveEarly(now_, std::move(packets));
  inbound_->Flush();
}

Outbound& RigHost::outbound(size_t /*worker*/) { return *outbound_; }

int RigHost::Send(Socket* socket, mmsghdr* messages, unsigned count) {
  unsigned i = 0;
  // As a socket does: what begins while there is room is taken whole.
  for (; i < count && room_ > 0; i++) {
    msghdr& message = messages[i].msg_hdr;
    Received controls;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
      if (header->cmsg_level == IPPROTO_UDP && header->cmsg_type == UDP_SEGMENT) {
        uint16_t segment;
        std::memcpy(&segment, CMSG_DATA(header), sizeof(segment));
        controls.segment = segment;
      } else {
        std::memcpy(&controls.tos, CMSG_DATA(header), sizeof(controls.tos));
      }
    }
    std::vector<uint8_t> octets;
    for (size_t part = 0; part < message.msg_iovlen; part++) {
      const auto* from = static_cast<const uint8_t*>(message.msg_iov[part].iov_base);
      octets.insert(octets.end(), from, from + message.msg_iov[part].iov_len);
    }
    room_ -= static_cast<double>(octets.size());
    SockAddr name;
    std::memcpy(&name, message.msg_name, message.msg_namelen);
    size_t step = controls.segment == 0 ? octets.size() : static_cast<size_t>(controls.segment);
    for (size_t at = 0; at < octets.size(); at += step) {
      ByteWriter to(&outputs_);
      size_t length = std::min(step, octets.size() - at);
      to.U8(kSent);
      WritePath(&to, socket->PathTo(Encode(name)));
      to.U8(static_cast<uint8_t>(controls.tos));
      to.U32(static_cast<uint32_t>(length));
      to.Octets(octets.data() + at, length);
    }
  }
  return i == 0 ? -EAGAIN : static_cast<int>(i);
}

bool RigHost::WriteTun(size_t /*worker*/, const iovec* parts, int count) {
  VnetHeader header;
  std::vector<uint8_t> packet;
  for (int i = 0; i < count; i++) {
    const auto* from = static_cast<const uint8_t*>(parts[i].iov_base);
    if (i == 0 && state_->vnet) {
      std::memcpy(&header, from, sizeof(header));
    } else {
      packet.insert(packet.end(), from, from + parts[i].iov_len);
    }
  }
  Splitter split;
  if (!split.Begin(header, packet.data(), packet.size())) return false;
  for (size_t i = 0; i < split.count(); i++) {
    std::vector<uint8_t> one(split.Length(i));
    split.Write(i, one.data());
    KeepWritten(one.data(), one.size());
  }
  return true;
}

void RigHost::KeepWritten(const uint8_t* packet, size_t length) {
  ByteWriter to(&outputs_);
  to.U8(kWritten);
  to.U32(static_cast<uint32_t>(length));
  to.Octets(packet, length);
}

void RigHost::AwaitRoom(size_t /*worker*/, Socket* socket) {
  if (std::find(awaited_.begin(), awaited_.end(), socket->id) == awaited_.end()) awaited_.push_back(socket->id);
}

}  // namespace mhtun
