#include "outbound.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "ipv4_fragmenter.h"

namespace mhtun {
namespace {

// RFC 4303 §2.6 and the protocol numbers of a tunnel.
constexpr uint8_t kNextIpv4 = 4;
constexpr uint8_t kNextIpv6 = 41;
constexpr uint8_t kNextNone = 59;

// What a packet that has waited seals at a time, so that the next flow soon has its turn.
constexpr size_t kQueuedOctetsAtATime = 12 * 1024;
// Packets taken from a queue before other sockets have their turn.
constexpr int kQueuedPacketsAtATime = 64;

bool IsWhole(const VnetHeader& header) { return header.gso_type == kVnetGsoNone && (header.flags & kVnetNeedsChecksum) == 0; }

// ECN is copied (RFC 6040 §4.1), DSCP where that is asked for.
uint8_t OuterTos(uint8_t inner, const OutboundSa& sa) { return sa.copy_dscp ? inner : inner & 3; }

uint8_t NextHeader(const PacketView& view) { return view.family == 4 ? kNextIpv4 : kNextIpv6; }

}  // namespace

Outbound::Outbound(PlaneState* state, size_t worker, const Options& options)
    : state_(state), worker_(worker), batch_(state, worker, this, options.segment) {}

void Outbound::FromTun(double now, const VnetHeader& header, uint8_t* packet, size_t length) {
  if (!IsWhole(header)) return SegmentsFromTun(now, header, packet, length);
  PacketView view;
  if (!view.Parse(packet, length)) return state_->dropped.Count(Drop::kMalformed);
  RoutePacket(now, state_->Current(), &view, kNever);
}

void Outbound::SegmentsFromTun(double now, const VnetHeader& header, uint8_t* packet, size_t length) {
  const Tables& tables = state_->Current();
  Splitter split;
  PacketView view;
  if (!view.Parse(packet, length) || !split.Begin(header, packet, view.length)) return state_->dropped.Count(Drop::kMalformed);
  if (view.fragment == Fragment::kNone && split.Length(0) <= tables.mtu) {
    Found found = LookUp(tables, view);
    if (found.kind == Found::Kind::kSender) {
      const Route* route = found.sender->sa->route.load(std::memory_order_acquire);
      if (!Queue(now, view, header, view.length, route)) SealSegments(now, view, split, 0, SIZE_MAX, *found.sender);
      return;
    }
  }
  for (size_t i = 0; i < split.count(); i++) {
    segment_.resize(split.Length(i));
    split.Write(i, segment_.data());
    PacketView one;
    if (one.Parse(segment_.data(), segment_.size())) RoutePacket(now, tables, &one, kNever);
  }
}

void Outbound::RoutePacket(double now, const Tables& tables, PacketView* view, double held_until) {
  bool first = view->fragment == Fragment::kFirst && tables.selective;
  std::vector<HeldOctets> waiting;
  if (first) waiting = fragments_.Learn(now, *view);
  Found found = LookUp(tables, *view);
  if (found.kind == Found::Kind::kUnknown) {
    if (fragments_.Recall(now, view)) {
      found = LookUp(tables, *view);
    } else if (fragments_.Hold(now, *view)) {
      return state_->events.WakeBy(fragments_.NextExpiry());
    }
  }
  switch (found.kind) {
    case Found::Kind::kSender:
      Fit(now, tables, *view, *found.sender);
      break;
    case Found::Kind::kPolicy:
      WithoutSa(now, *view, *found.policy, held_until);
      break;
    default:
      Refuse(now, *view);
  }
  if (first) state_->events.WakeBy(fragments_.NextExpiry());
  for (HeldOctets& packet : waiting) {
    PacketView one;
    if (one.Parse(packet.data(), packet.size())) RoutePacket(now, tables, &one, kNever);
  }
}

// The SA for the packet; or the policy that comes before every SA that fits, and has none; or nothing. RFC 4301 §4.4.1: the first
// policy that fits decides, so an SA of a later one must not carry its packets.
Found Outbound::LookUp(const Tables& tables, const PacketView& view) {
  // A short walk costs less than the shortcut, and a fragment's ports may not be its own.
  if (view.fragment != Fragment::kNone || tables.senders.size() + tables.policies.size() <= kShortWalk) return Walk(tables, view);
  const Found* known = flows_.Get(tables.version, view);
  if (known != nullptr && (known->sender == nullptr || !known->sender->child->expired.load(std::memory_order_relaxed))) return *known;
  Found found = Walk(tables, view);
  flows_.Set(tables.version, view, found);
  return found;
}

Found Outbound::Walk(const Tables& tables, const PacketView& view) {
  Found found;
  double priority = kNever;
  for (const Sender& sender : tables.senders) {
    if (sender.child->expired.load(std::memory_order_relaxed)) continue;
    Match match = sender.sa->selectors.Outbound(view);
    if (match == Match::kNo) continue;
    found.kind = match == Match::kYes ? Found::Kind::kSender : Found::Kind::kUnknown;
    found.sender = match == Match::kYes ? &sender : nullptr;
    priority = sender.priority;
    break;
  }
  for (const Policy* policy : tables.policies) {
    if (policy->priority >= priority) break;
    Match match = policy->selectors.Outbound(view);
    if (match == Match::kUnknown) return {Found::Kind::kUnknown};
    if (match == Match::kYes) return {Found::Kind::kPolicy, nullptr, policy};
  }
  return found;
}

// No policy at all: nothing leaves in clear (RFC 4301 §5.1).
void Outbound::Refuse(double now, const PacketView& view) {
  state_->dropped.Count(Drop::kNoSa);
  state_->Answer(now, worker_, view, {});
}

void Outbound::WithoutSa(double now, const PacketView& view, const Policy& policy, double held_until) {
  // What the kernel says by itself on every link (MLD, router solicitations) must not set up a full tunnel.
  if (!policy.acquire || view.StaysOnLink()) return Refuse(now, view);
  bool ask = false;
  if (state_->held.Hold(now, policy, view, held_until, &ask) == HeldPackets::Kept::kFull) {
    state_->dropped.Count(Drop::kQueueFull);
  } else {
    state_->events.WakeBy(held_until == kNever ? now + kHeldPacketMs : held_until);
  }
  if (ask) state_->events.Acquire(policy.name, view);
}

void Outbound::Fit(double now, const Tables& tables, const PacketView& view, const Sender& sender) {
  bool fits = view.length <= tables.mtu;
  Ipv4Fragmenter pieces;
  if (!fits && (view.dont_fragment || !pieces.Begin(view, tables.mtu))) {
    state_->dropped.Count(Drop::kTooBig);
    return state_->Answer(now, worker_, view, {tables.mtu});
  }
  if (Queue(now, view, {}, view.length, sender.sa->route.load(std::memory_order_acquire))) return;
  if (fits) return SealPacket(now, view, view.data, view.length, sender);
  for (size_t length = pieces.NextLength(); length > 0; length = pieces.NextLength()) {
    piece_.resize(length);
    pieces.Write(piece_.data());
    SealPacket(now, view, piece_.data(), length, sender);
  }
}

bool Outbound::Queue(double now, const PacketView& view, const VnetHeader& header, size_t length, const Route* route) {
  if (draining_ || route->socket == nullptr) return false;
  Port& port = PortOf(route->socket);
  if (!port.busy()) return false;
  if (port.queue == nullptr) port.queue = std::make_unique<FairQueue>(&queued_octets_);
  state_->dropped.Count(Drop::kQueueFull, port.queue->Add(now, view, header, view.data, length));
  return true;
}

Outbound::Port& Outbound::PortOf(Socket* socket) {
  if (socket->slot >= ports_.size()) ports_.resize(socket->slot + 1);
  std::unique_ptr<Port>& port = ports_[socket->slot];
  // A closed socket's slot serves another one now.
  if (port == nullptr || port->socket != socket->id) {
    port = std::make_unique<Port>();
    port->socket = socket->id;
  }
  return *port;
}

void Outbound::Expire(const Sender& sender) {
  state_->dropped.Count(Drop::kExpired);
  state_->Expire(sender.child);
}

bool Outbound::MaySeal(double now, const Sender& sender) {
  if (!sender.child->expired.load(std::memory_order_relaxed) && now < sender.sa->lifetime.hard_at) return true;
  Expire(sender);
  return false;
}

void Outbound::SealPacket(double now, const PacketView& view, const uint8_t* packet, size_t length, const Sender& sender) {
  OutboundSa& sa = *sender.sa;
  if (!MaySeal(now, sender)) return;
  if (sa.counts && !sender.child->out.CountWithin(sa.lifetime, length)) return Expire(sender);
  uint64_t sequence = sa.TakeSequence(1);
  if (sequence == 0) return Expire(sender);
  const Route* route = sa.route.load(std::memory_order_acquire);
  if (route->socket == nullptr) return state_->SendFailed(now, route->path, true, EADDRNOTAVAIL, 1);
  size_t octets = sa.SealedOctets(length);
  uint8_t* datagram = batch_.Reserve(now, octets);
  std::memcpy(datagram + sa.PayloadAt(), packet, length);
  if (!sa.Seal(worker_, sequence, NextHeader(view), datagram, length)) return state_->dropped.Count(Drop::kSendFailed);
  batch_.Commit(*route, OuterTos(view.tos, sa), octets);
  if (!sa.counts) sender.child->out.Count(1, length);
  Sealed(now, sender);
}

size_t Outbound::SealSegments(double now, const PacketView& view, const Splitter& split, size_t from, size_t most, const Sender& sender) {
  OutboundSa& sa = *sender.sa;
  const size_t end = split.count();
  if (!MaySeal(now, sender)) return end;
  const Route* route = sa.route.load(std::memory_order_acquire);
  if (route->socket == nullptr) {
    state_->SendFailed(now, route->path, true, EADDRNOTAVAIL, end - from);
    return end;
  }
  const uint8_t tos = OuterTos(view.tos, sa);
  const uint8_t next_header = NextHeader(view);
  uint64_t octets_in = 0;
  size_t index = from;
  for (size_t sealed = 0; index < end && sealed < most; index++) {
    size_t length = split.Length(index);
    uint64_t sequence = sa.counts && !sender.child->out.CountWithin(sa.lifetime, length) ? 0 : sa.TakeSequence(1);
    if (sequence == 0) {
      Expire(sender);
      return end;
    }
    size_t octets = sa.SealedOctets(length);
    uint8_t* datagram = batch_.Reserve(now, octets);
    split.Write(index, datagram + sa.PayloadAt());
    if (!sa.Seal(worker_, sequence, next_header, datagram, length)) {
      state_->dropped.Count(Drop::kSendFailed, end - index);
      return end;
    }
    batch_.Commit(*route, tos, octets);
    octets_in += length;
    sealed += octets;
  }
  if (!sa.counts) sender.child->out.Count(index - from, octets_in);
  Sealed(now, sender);
  return index;
}

void Outbound::Sealed(double now, const Sender& sender) {
  Child& child = *sender.child;
  child.out.last.store(now, std::memory_order_relaxed);
  if (child.watched.load(std::memory_order_relaxed)) {
    std::lock_guard<std::mutex> lock(child.reports_mutex);
    if (child.watch.Sent(now)) {
      state_->events.OutboundActivity(child.id);
    } else {
      state_->events.WakeBy(child.watch.NextDue());
    }
  }
  if (sender.sa->counts || sender.sa->SequenceRunsLow()) state_->ReportSoft(&child);
}

void Outbound::RetryHeld(double now) {
  const Tables& tables = state_->Current();
  for (HeldPacket& one : state_->held.TakeAll(tables.policies)) {
    PacketView view;
    if (view.Parse(one.packet.data(), one.packet.size())) RoutePacket(now, tables, &view, one.until);
  }
}

void Outbound::SendDummy(double now, double child) {
  const Tables& tables = state_->Current();
  auto sender = std::find_if(tables.senders.begin(), tables.senders.end(), [&](const Sender& one) { return one.child->id == child; });
  if (sender == tables.senders.end() || sender->child->expired.load(std::memory_order_relaxed)) return;
  OutboundSa& sa = *sender->sa;
  bool spent = static_cast<double>(sender->child->out.packets.load(std::memory_order_relaxed)) >= sa.lifetime.hard_packets;
  const Route* route = sa.route.load(std::memory_order_acquire);
  if (spent || now >= sa.lifetime.hard_at || route->socket == nullptr) return;
  uint64_t sequence = sa.TakeSequence(1);
  if (sequence == 0) return;
  uint8_t* datagram = batch_.Reserve(now, sa.SealedOctets(0));
  if (sa.Seal(worker_, sequence, kNextNone, datagram, 0)) batch_.Commit(*route, 0, sa.SealedOctets(0));
}

void Outbound::SendUrgent(double now, const UrgentDatagram& datagram) {
  for (Socket* socket : state_->Current().sockets) {
    if (!socket->Is(datagram.path.local, datagram.path.device)) continue;
    Route route{datagram.path, socket, {}, 0};
    route.name_length = Decode(datagram.path.remote.octets, socket->device_index, &route.name);
    std::memcpy(batch_.Reserve(now, datagram.octets.size()), datagram.octets.data(), datagram.octets.size());
    batch_.Commit(route, 0, datagram.octets.size());
  }
}

void Outbound::Writable(double now, Socket* socket) {
  Port& port = PortOf(socket);
  for (int n = 0; n < kQueuedPacketsAtATime; n++) {
    if (!port.sealed.empty() && !batch_.Resume(now, socket, &port.sealed)) return;
    if (port.queue == nullptr) return;
    size_t dropped = 0;
    QueuedPacket* packet = port.queue->Head(now, &dropped);
    state_->dropped.Count(Drop::kQueueFull, dropped);
    if (packet == nullptr) return;
    bool done = false;
    size_t octets = SendQueued(now, packet, &done);
    port.queue->Sent(octets, done);
    batch_.Flush(now);
    // The socket is awaited again.
    if (!port.sealed.empty()) return;
  }
  state_->io->AwaitRoom(worker_, socket);
}

size_t Outbound::SendQueued(double now, QueuedPacket* packet, bool* done) {
  const Tables& tables = state_->Current();
  PacketView view;
  *done = true;
  if (!view.Parse(packet->octets.data(), packet->octets.size())) return packet->octets.size();
  draining_ = true;
  if (IsWhole(packet->header)) {
    RoutePacket(now, tables, &view, kNever);
    draining_ = false;
    return packet->octets.size();
  }
  Splitter split;
  size_t before = packet->sent;
  if (!split.Begin(packet->header, view.data, view.length)) before = 0;
  Found found = LookUp(tables, view);
  if (found.kind == Found::Kind::kSender && split.Length(0) <= tables.mtu) {
    packet->sent = SealSegments(now, view, split, before, kQueuedOctetsAtATime, *found.sender);
  } else {
    for (; packet->sent < split.count(); packet->sent++) {
      segment_.resize(split.Length(packet->sent));
      split.Write(packet->sent, segment_.data());
      PacketView one;
      if (one.Parse(segment_.data(), segment_.size())) RoutePacket(now, tables, &one, kNever);
    }
  }
  draining_ = false;
  *done = packet->sent >= split.count();
  return (packet->sent - before) * split.Length(0);
}

void Outbound::Reroute(double now) {
  for (size_t slot = 0; slot < ports_.size(); slot++) {
    if (ports_[slot] == nullptr || ports_[slot]->queue == nullptr) continue;
    for (QueuedPacket& packet : ports_[slot]->queue->TakeAll()) {
      bool done = packet.sent == 0;
      if (done) FromTun(now, packet.header, packet.octets.data(), packet.octets.size());
      while (!done) SendQueued(now, &packet, &done);
    }
  }
}

}  // namespace mhtun
