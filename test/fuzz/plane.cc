// Inner and outer packets of any kind at the native data plane: what the TUN device gives is sealed, changed on the way or not,
// and opened; payloads of any octets come authentic; datagrams of any octets come from anywhere.
#include <cmath>

#include "input.h"
#include "offload/inner_headers.h"
#include "plane_pair.h"

namespace {

enum Step : uint8_t { kTun, kTunSegments, kRaw, kAuthentic, kDamaged, kTime, kRoom, kSteps };

// What lies in the TUN device is an IP packet of the length that it says.
void CheckWritten(const Outputs& out) {
  for (const std::vector<uint8_t>& packet : out.written) {
    bool v4 = packet.size() >= mhtun::kIpv4HeaderOctets && packet[0] >> 4 == 4 && mhtun::Load16(packet.data() + mhtun::kIpv4TotalLength) == packet.size();
    bool v6 = packet.size() >= mhtun::kIpv6HeaderOctets && packet[0] >> 4 == 6 &&
              mhtun::Load16(packet.data() + mhtun::kIpv6PayloadLength) + mhtun::kIpv6HeaderOctets == packet.size();
    Promise(v4 || v6, "what is delivered is an IP packet");
  }
}

Octets Packet(Input* input) {
  size_t length = input->TakeOctet();
  length |= static_cast<size_t>(input->TakeOctet() % 16) << 8;
  return input->Take(length);
}

void Carry(PlanePair* pair, const Outputs& out, bool damaged, uint8_t where) {
  CheckWritten(out);
  for (const std::vector<uint8_t>& datagram : out.sent) {
    Octets octets(datagram.data(), datagram.size());
    if (damaged) octets.data()[where % octets.size()] ^= 1;
    Outputs delivered = pair->FromWire(octets.data(), octets.size(), 0, where);
    CheckWritten(delivered);
    Promise(!damaged || delivered.written.empty(), "what is damaged is not delivered");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input(data, size);
  uint8_t bits = input.TakeOctet();
  PairOptions options;
  options.suite = bits & 3;
  options.esn = (bits & 4) != 0;
  options.selective = (bits & 8) != 0;
  options.merge = (bits & 16) != 0;
  options.segment = (bits & 32) != 0;
  PlanePair pair(options);
  while (input.left() > 0) {
    uint8_t step = input.TakeOctet();
    uint8_t detail = input.TakeOctet();
    switch (step % kSteps) {
      case kTun:
      case kTunSegments:
      case kDamaged: {
        mhtun::VnetHeader header;
        if (step % kSteps == kTunSegments) {
          Octets octets = input.Take(sizeof(header));
          std::memcpy(&header, octets.data(), octets.size());
        }
        Octets packet = Packet(&input);
        Carry(&pair, pair.FromTun(header, packet.data(), packet.size()), step % kSteps == kDamaged, detail);
        break;
      }
      case kRaw: {
        Octets datagrams = Packet(&input);
        CheckWritten(pair.FromWire(datagrams.data(), datagrams.size(), detail, 0));
        break;
      }
      case kAuthentic: {
        Octets plaintext = Packet(&input);
        std::vector<uint8_t> sealed = pair.Sealed(plaintext.data(), plaintext.size());
        Octets datagram(sealed.data(), sealed.size());
        CheckWritten(pair.FromWire(datagram.data(), datagram.size(), 0, detail));
        break;
      }
      case kTime:
        Carry(&pair, pair.Advance(detail * 100.0), false, 0);
        break;
      default:
        Carry(&pair, pair.SetRoom(detail == 255 ? INFINITY : detail * 100.0), false, 0);
    }
  }
  return 0;
}
