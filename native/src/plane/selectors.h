// Whether an inner packet is one that an SA or policy protects: addresses, protocol, ports, ICMP type and code (RFC 4301
// §4.4.1.1), in both directions, and what can't be told yet of a fragment (§7).
#ifndef MHTUN_PLANE_SELECTORS_H_
#define MHTUN_PLANE_SELECTORS_H_

#include <cstdint>
#include <vector>

#include "bytes.h"
#include "packet_view.h"

namespace mhtun {

// kUnknown: it depends on ports that only the packet's first fragment shows.
enum class Match : uint8_t { kNo, kYes, kUnknown };

// One selector as numbers.
class Selector {
 public:
  explicit Selector(ByteReader* from);

  bool Contains(uint8_t family, const AddressWords& address) const;
  // Protocol and port; `port` is the one of this selector's side, if that is asked for.
  Match Upper(const PacketView& view, int port, bool ask_port) const;
  bool selective() const { return !any_port_ || protocol_ != 0; }

 private:
  uint8_t family_;
  uint8_t protocol_;
  uint16_t start_port_;
  uint16_t end_port_;
  bool any_port_;
  // "The packet does not show its port" (RFC 4301 §4.4.1.1).
  bool opaque_;
  AddressWords low_;
  AddressWords high_;
};

// The selectors of one SA or policy. A packet must fit one of each side (RFC 7296 §2.9).
class SelectorSet {
 public:
  // Numbers of both sides' selectors, then these.
  explicit SelectorSet(ByteReader* from);

  // A packet that this host or its networks send.
  Match Outbound(const PacketView& view) const;
  // A packet that came out of the tunnel (RFC 4301 §5.2).
  Match Inbound(const PacketView& view) const;
  // Some selector asks for protocol or ports, so that fragments must be tracked.
  bool selective() const { return selective_; }

 private:
  std::vector<Selector> local_;
  std::vector<Selector> remote_;
  bool selective_ = false;
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_SELECTORS_H_
