#include "selectors.h"

#include "../offload/inner_headers.h"

namespace mhtun {
namespace {

AddressWords Words(uint8_t family, const uint8_t* octets) {
  AddressWords out;
  if (octets == nullptr) return out;
  for (int i = 0; i < (family == 4 ? 1 : 4); i++) out.word[i] = Load32(octets + 4 * i);
  return out;
}

bool NotAbove(const AddressWords& a, const AddressWords& b) {
  for (int i = 0; i < 4; i++) {
    if (a.word[i] != b.word[i]) return a.word[i] < b.word[i];
  }
  return true;
}

// What two conditions make together.
Match Both(Match a, Match b) {
  if (a == Match::kNo || b == Match::kNo) return Match::kNo;
  return a == Match::kYes ? b : a;
}

Match Side(const std::vector<Selector>& selectors, const PacketView& view, const AddressWords& address, int port, bool ask_port) {
  Match result = Match::kNo;
  for (const Selector& selector : selectors) {
    if (!selector.Contains(view.family, address)) continue;
    Match match = selector.Upper(view, port, ask_port);
    if (match == Match::kYes) return match;
    if (match == Match::kUnknown) result = match;
  }
  return result;
}

Match Source(const std::vector<Selector>& selectors, const PacketView& view) {
  return Side(selectors, view, view.source, view.next.source_port, true);
}

// Of ICMP and Mobility only the sender's side is asked: the other says what may come back (RFC 4301 §4.4.1.3 B).
Match Destination(const std::vector<Selector>& selectors, const PacketView& view) {
  return Side(selectors, view, view.destination, view.next.destination_port, !view.next.one_port);
}

}  // namespace

Selector::Selector(ByteReader* from) {
  family_ = from->U8();
  protocol_ = from->U8();
  start_port_ = from->U16();
  end_port_ = from->U16();
  low_ = Words(family_, from->Take(16));
  high_ = Words(family_, from->Take(16));
  any_port_ = start_port_ == 0 && end_port_ == 65535;
  opaque_ = start_port_ == 65535 && end_port_ == 0;
}

bool Selector::Contains(uint8_t family, const AddressWords& address) const {
  return family == family_ && NotAbove(low_, address) && NotAbove(address, high_);
}

Match Selector::Upper(const PacketView& view, int port, bool ask_port) const {
  bool later = view.fragment == Fragment::kLater;
  if (protocol_ != 0 && protocol_ != view.next.protocol) {
    return view.next.protocol == kUnknownProtocol && later ? Match::kUnknown : Match::kNo;
  }
  if (any_port_ || !ask_port) return Match::kYes;
  // OPAQUE is what the packet does not show, so no first fragment is waited for.
  if (opaque_) return port == kNoPort ? Match::kYes : Match::kNo;
  if (port == kNoPort) return later ? Match::kUnknown : Match::kNo;
  return port >= start_port_ && port <= end_port_ ? Match::kYes : Match::kNo;
}

SelectorSet::SelectorSet(ByteReader* from) {
  for (std::vector<Selector>* side : {&local_, &remote_}) {
    size_t count = from->U16();
    for (size_t i = 0; i < count && !from->failed(); i++) {
      side->emplace_back(from);
      selective_ = selective_ || side->back().selective();
    }
  }
}

Match SelectorSet::Outbound(const PacketView& view) const {
  Match source = Source(local_, view);
  return source == Match::kNo ? source : Both(source, Destination(remote_, view));
}

Match SelectorSet::Inbound(const PacketView& view) const {
  Match source = Source(remote_, view);
  return source == Match::kNo ? source : Both(source, Destination(local_, view));
}

}  // namespace mhtun
