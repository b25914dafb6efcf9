#include "inbound.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "../offload/checksum.h"
#include "../offload/inner_headers.h"

namespace mhtun {
namespace {

constexpr uint8_t kNextIpv4 = 4;
constexpr uint8_t kNextIpv6 = 41;
constexpr uint8_t kNextNone = 59;

constexpr uint8_t kKeepalive = 0xff;
constexpr size_t kMarkerOctets = 4;
// RFC 4303 §2.1: SPIs from 1 to 255 are reserved.
constexpr uint32_t kFirstUsableSpi = 256;

// RFC 3168 §5.
constexpr uint8_t kNotEct = 0;
constexpr uint8_t kEct1 = 1;
constexpr uint8_t kEct0 = 2;
constexpr uint8_t kCe = 3;
constexpr int kDropIt = -1;

// RFC 6040 §4.2, figure 4. Congestion marked on a packet whose end points can't be told: only a loss will tell them.
int DecapsulatedEcn(uint8_t inner, uint8_t outer) {
  if (outer == kCe) return inner == kNotEct ? kDropIt : kCe;
  if (outer == kEct1 && inner == kEct0) return kEct1;
  return inner;
}

void SetEcn(uint8_t* packet, uint8_t family, uint8_t ecn) {
  if (family == 6) {
    packet[1] = static_cast<uint8_t>((packet[1] & 0xcf) | ecn << 4);
    return;
  }
  uint16_t before = LoadRaw16(packet);
  packet[kIpv4Tos] = static_cast<uint8_t>((packet[kIpv4Tos] & 0xfc) | ecn);
  // RFC 1624 §3, equation 3.
  uint32_t sum = static_cast<uint16_t>(~LoadRaw16(packet + kIpv4Checksum)) + static_cast<uint16_t>(~before) + uint32_t{LoadRaw16(packet)};
  StoreRaw16(packet + kIpv4Checksum, Checksum(sum));
}

bool IsEsp(const uint8_t* data, size_t length) { return length >= kEspHeaderOctets && Load32(data) != 0; }

}  // namespace

Inbound::Inbound(PlaneState* state, size_t worker, MergeOptions merge) : state_(state), worker_(worker), merger_(merge) {}

void Inbound::Receive(double now, const Path& path, uint8_t tos, uint8_t* data, size_t length, size_t segment) {
  size_t step = segment == 0 ? std::max<size_t>(length, 1) : segment;
  Datagram run[kRun];
  size_t count = 0;
  auto finish = [&] {
    if (count > 0) ReceiveRun(now, path, tos, run, count);
    count = 0;
  };
  // A datagram without octets is one, too.
  size_t at = 0;
  do {
    Datagram datagram{data + at, std::min(step, length - at)};
    if (!IsEsp(datagram.data, datagram.length)) {
      finish();
      ReceiveOther(path, datagram);
    } else {
      if (count == kRun || (count > 0 && Load32(run[0].data) != Load32(datagram.data))) finish();
      run[count++] = datagram;
    }
    at += step;
  } while (at < length);
  finish();
}

void Inbound::ReceiveOther(const Path& path, const Datagram& datagram) {
  const auto& [data, length] = datagram;
  // RFC 3948 §2.3.
  if (length == 1 && data[0] == kKeepalive) return;
  // RFC 3948 §2.2: four zero octets, where an ESP packet has its SPI, which is never zero.
  if (length <= kMarkerOctets || Load32(data) != 0) return state_->dropped.Count(Drop::kMalformed);
  if (!state_->events.Ike(path, data + kMarkerOctets, length - kMarkerOctets)) state_->dropped.Count(Drop::kQueueFull);
}

void Inbound::ReceiveRun(double now, const Path& path, uint8_t tos, const Datagram* run, size_t count) {
  Child* child = state_->Current().BySpi(Load32(run[0].data));
  if (child == nullptr) return Unknown(now, path, tos, run, count);
  // With limits that count, each packet may be the last one.
  size_t step = count;
  for (size_t i = 0; i < count; i += step) {
    InboundSa* sa = child->inbound.load(std::memory_order_acquire);
    if (sa == nullptr || child->expired.load(std::memory_order_acquire)) return state_->dropped.Count(Drop::kExpired, count - i);
    if (sa->counts) step = 1;
    bool spent = sa->counts && (static_cast<double>(child->in.packets.load(std::memory_order_relaxed)) >= sa->lifetime.hard_packets ||
                                static_cast<double>(child->in.octets.load(std::memory_order_relaxed)) > sa->lifetime.hard_octets);
    if (spent || now >= sa->lifetime.hard_at) {
      state_->dropped.Count(Drop::kExpired, count - i);
      return state_->Expire(child);
    }
    Open(now, path, tos, child, sa, run + i, step);
  }
}

void Inbound::Open(double now, const Path& path, uint8_t tos, Child* child, InboundSa* sa, const Datagram* run, size_t count) {
  InboundSa::Payload payloads[kRun];
  size_t opened = 0;
  bool advanced = false;
  {
    std::lock_guard<std::mutex> lock(sa->mutex);
    for (size_t i = 0; i < count; i++) {
      InboundSa::Opened result = sa->Open(worker_, now, run[i].data, run[i].length, &payloads[opened]);
      if (result != InboundSa::Opened::kOk) {
        Refused(child, result);
        continue;
      }
      advanced = payloads[opened].advanced || advanced;
      opened++;
    }
  }
  if (opened == 0) return;
  Authenticated(now, child, path, advanced);
  for (size_t i = 0; i < opened; i++) {
    // A dummy packet only fills the line (RFC 4303 §2.6); that it came shows that the peer is there.
    if (payloads[i].next_header != kNextNone) Unpack(now, child, sa, payloads[i], tos & 3);
  }
  if (packets_ > 0) child->in.Count(packets_, octets_);
  packets_ = 0;
  octets_ = 0;
}

void Inbound::Unknown(double now, const Path& path, uint8_t tos, const Datagram* run, size_t count) {
  uint32_t spi = Load32(run[0].data);
  // Reserved numbers name no SA, neither ours nor one to come: nobody needs to hear of it.
  if (spi < kFirstUsableSpi) return state_->dropped.Count(Drop::kUnknownSpi, count);
  for (size_t i = 0; i < count; i++) {
    size_t lost = state_->early.Hold(now, spi, path, tos, run[i].data, run[i].length);
    if (lost > 0) state_->dropped.Count(Drop::kUnknownSpi, lost);
  }
  state_->events.WakeBy(state_->early.NextExpiry());
  if (state_->MayTellUnknownSpi(now)) state_->events.UnknownSpi(spi, path);
  // Its SA may have come while this looked the other way, and the control thread has asked for what waited before it did.
  if (state_->Current().BySpi(spi) != nullptr) ReceiveEarly(now, state_->early.Take(spi));
}

void Inbound::ReceiveEarly(double now, std::vector<EarlyPacket> packets) {
  for (EarlyPacket& packet : packets) {
    // What is delivered stays until it is written.
    kept_.push_back(std::move(packet.datagram));
    Receive(now, packet.path, packet.tos, kept_.back().data(), kept_.back().size(), 0);
  }
}

void Inbound::Refused(Child* child, InboundSa::Opened why) {
  switch (why) {
    case InboundSa::Opened::kReplayed:
      child->replay_dropped.fetch_add(1, std::memory_order_relaxed);
      return state_->dropped.Count(Drop::kReplayed);
    case InboundSa::Opened::kAuthFailed:
      child->auth_failed.fetch_add(1, std::memory_order_relaxed);
      return state_->dropped.Count(Drop::kAuthFailed);
    case InboundSa::Opened::kBadPadding:
      return state_->dropped.Count(Drop::kBadPadding);
    default:
      return state_->dropped.Count(Drop::kMalformed);
  }
}

void Inbound::Authenticated(double now, Child* child, const Path& path, bool advanced) {
  EventQueue& events = state_->events;
  child->in.last.store(now, std::memory_order_relaxed);
  std::lock_guard<std::mutex> lock(child->reports_mutex);
  if (child->activity.Seen(now, path) == ActivityReports::Told::kNow) events.InboundActivity(child->id, path);
  if (child->watch.Received(now, path, advanced)) events.InboundPath(child->id, path);
  OutboundSa* outbound = child->outbound.load(std::memory_order_acquire);
  // Only news counts: a replayed or reordered packet may come from where the peer was before.
  if (advanced && outbound != nullptr && outbound->report_new_source.load(std::memory_order_relaxed)) {
    const Route* current = outbound->route.load(std::memory_order_acquire);
    if (child->new_source.Seen(now, path, current->path)) events.NewSource(child->id, path);
  }
  events.WakeBy(child->NextDue());
}

void Inbound::Unpack(double now, Child* child, InboundSa* sa, const InboundSa::Payload& payload, uint8_t outer_ecn) {
  PacketView view;
  // What follows the packet inside the payload is TFC padding (RFC 4303 §2.7).
  if (!view.Parse(payload.data, payload.length) || payload.next_header != (view.family == 4 ? kNextIpv4 : kNextIpv6)) {
    return state_->dropped.Count(Drop::kMalformed);
  }
  uint8_t inner_ecn = view.tos & 3;
  int ecn = DecapsulatedEcn(inner_ecn, outer_ecn);
  if (ecn == kDropIt) return state_->dropped.Count(Drop::kCongestion);
  if (ecn != inner_ecn) SetEcn(view.data, view.family, static_cast<uint8_t>(ecn));
  Check(now, child, sa, &view);
}

void Inbound::Check(double now, Child* child, InboundSa* sa, PacketView* view) {
  std::vector<HeldOctets> waiting;
  FragmentTracker* fragments = nullptr;
  bool first = view->fragment == Fragment::kFirst && sa->selectors.selective();
  Match match = Match::kNo;
  if (first || (view->fragment == Fragment::kLater && sa->selectors.selective())) {
    std::lock_guard<std::mutex> lock(sa->mutex);
    fragments = &sa->NeedFragments();
  }
  if (first) waiting = fragments->Learn(now, *view);
  match = sa->selectors.Inbound(*view);
  if (match == Match::kUnknown) {
    if (fragments->Recall(now, view)) {
      match = sa->selectors.Inbound(*view);
    } else if (fragments->Hold(now, *view)) {
      return state_->events.WakeBy(fragments->NextExpiry());
    }
  }
  if (match == Match::kYes) {
    Deliver(child, sa, *view);
  } else {
    state_->dropped.Count(Drop::kSelectorMismatch);
  }
  if (first) state_->events.WakeBy(fragments->NextExpiry());
  for (HeldOctets& packet : waiting) {
    // What is delivered stays until it is written.
    kept_.push_back(std::move(packet));
    PacketView one;
    if (!child->expired.load(std::memory_order_relaxed) && one.Parse(kept_.back().data(), kept_.back().size())) {
      Check(now, child, sa, &one);
    }
  }
}

void Inbound::Deliver(Child* child, InboundSa* sa, const PacketView& view) {
  if (sa->counts) {
    if (!child->in.CountWithin(sa->lifetime, view.length)) {
      state_->dropped.Count(Drop::kExpired);
      return state_->Expire(child);
    }
    state_->ReportSoft(child);
  } else {
    packets_++;
    octets_ += view.length;
  }
  if (merger_.Add(view.data, view.length)) return;
  Write();
  merger_.Add(view.data, view.length);
}

void Inbound::Flush() {
  Write();
  kept_.clear();
}

void Inbound::Write() {
  Merged out;
  while (merger_.Next(&out)) {
    bool taken = state_->vnet ? state_->io->WriteTun(worker_, out.parts, out.part_count)
                              : state_->io->WriteTun(worker_, out.parts + 1, out.part_count - 1);
    if (!taken) state_->dropped.Count(Drop::kQueueFull, out.packets);
  }
}

}  // namespace mhtun
