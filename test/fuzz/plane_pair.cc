#include "plane_pair.h"

#include <cmath>
#include <cstring>

#include "input.h"
#include "offload/inner_headers.h"
#include "plane/bytes.h"

namespace {

using mhtun::ByteWriter;

// As lib/platform/native-messages.ts numbers them.
enum : uint8_t { kInstallInbound, kInstallOutbound, kSetPolicies = 7, kOpenSocket = 8, kSetMtu = 11 };
enum : uint8_t { kSent = 20, kWritten = 21 };

struct Suite {
  uint16_t encr;
  uint16_t key_bits;
  uint16_t integ;
  size_t keymat_octets;
  size_t mac_key_octets;
};
// AES-GCM, ChaCha20-Poly1305, AES-CBC with HMAC-SHA2-256.
constexpr Suite kSuites[] = {{20, 128, 0, 20, 0}, {28, 0, 0, 36, 0}, {12, 128, 12, 16, 32}};
constexpr uint8_t kKeyOctet = 7;

constexpr uint32_t kSpi = 0x1111;
// Another SA with the same keys: what the fuzzer itself seals has a sequence of its own.
constexpr uint32_t kOwnSpi = 0x2222;
constexpr uint32_t kMtu = 1400;
constexpr uint32_t kReplayWindow = 64;

mhtun::Endpoint At(uint8_t host) {
  mhtun::Endpoint out;
  const uint8_t octets[] = {4, 0, 4500 >> 8, 4500 & 0xff, 10, 1, 0, host};
  std::memcpy(out.octets, octets, sizeof(octets));
  return out;
}

mhtun::Path PathFrom(uint8_t host) {
  mhtun::Path path;
  path.local = At(host);
  path.remote = At(static_cast<uint8_t>(3 - host));
  return path;
}

void WriteSelector(ByteWriter* to, uint8_t family, uint8_t protocol, uint16_t port_from, uint16_t port_to) {
  uint8_t low[16] = {};
  uint8_t high[16];
  std::memset(high, 0xff, sizeof(high));
  to->U8(family);
  to->U8(protocol);
  to->U16(port_from);
  to->U16(port_to);
  to->Octets(low, sizeof(low));
  to->Octets(high, sizeof(high));
}

void WriteSelectors(ByteWriter* to, bool selective) {
  for (int side = 0; side < 2; side++) {
    to->U16(2);
    bool only_dns = selective && side == 1;
    for (uint8_t family : {4, 6}) WriteSelector(to, family, only_dns ? mhtun::kProtocolUdp : 0, only_dns ? 53 : 0, only_dns ? 53 : 65535);
  }
}

void WriteInstall(ByteWriter* to, uint8_t kind, double child, uint32_t spi, const PairOptions& options) {
  const Suite& suite = kSuites[options.suite % std::size(kSuites)];
  std::vector<uint8_t> key(suite.keymat_octets + suite.mac_key_octets, kKeyOctet);
  to->U8(kind);
  to->F64(child);
  to->U32(spi);
  to->U16(suite.encr);
  to->U16(suite.key_bits);
  to->U16(suite.integ);
  to->U8(options.esn ? 1 : 0);
  for (size_t octets : {suite.keymat_octets, suite.mac_key_octets}) {
    to->U16(static_cast<uint16_t>(octets));
    to->Octets(key.data(), octets);
  }
  WriteSelectors(to, options.selective);
  for (int limit = 0; limit < 5; limit++) to->F64(std::nan(""));
}

void Begin(mhtun::RigHost* host, uint8_t own, const PairOptions& options) {
  std::vector<uint8_t> commands;
  ByteWriter to(&commands);
  to.U8(kOpenSocket);
  to.Octets(At(own).octets, mhtun::kPeerOctets);
  to.Text("");
  to.U8(kSetMtu);
  to.U32(kMtu);
  to.U8(kSetPolicies);
  to.U32(1);
  to.Text("net");
  WriteSelectors(&to, options.selective);
  to.F64(1);
  to.U8(1);
  if (own == 1) {
    WriteInstall(&to, kInstallOutbound, 1, kSpi, options);
    to.Text("net");
    to.F64(1);
    mhtun::WritePath(&to, PathFrom(own));
    to.U8(1);
    to.U8(1);
  } else {
    for (uint32_t spi : {kSpi, kOwnSpi}) {
      WriteInstall(&to, kInstallInbound, spi, spi, options);
      to.U32(kReplayWindow);
    }
  }
  host->Apply(commands.data(), commands.size());
}

mhtun::RigHost::Options RigOptions(const PairOptions& options) {
  mhtun::RigHost::Options rig;
  rig.merge = options.merge;
  rig.segment = options.segment;
  return rig;
}

void Read(mhtun::RigHost* host, Outputs* out) {
  std::vector<uint8_t> octets = host->TakeOutputs();
  mhtun::ByteReader from(octets.data(), octets.size());
  while (from.left() > 0) {
    uint8_t kind = from.U8();
    Promise(kind == kSent || kind == kWritten, "outputs are of two kinds");
    if (kind == kSent) {
      mhtun::ReadPath(&from);
      from.U8();
    }
    size_t length = from.U32();
    const uint8_t* data = from.Take(length);
    Promise(!from.failed(), "outputs are whole");
    (kind == kSent ? out->sent : out->written).emplace_back(data, data + length);
  }
}

}  // namespace

PlanePair::PlanePair(const PairOptions& options)
    : options_(options), moon_(RigOptions(options), now_), sun_(RigOptions(options), now_) {
  Begin(&moon_, 1, options);
  Begin(&sun_, 2, options);
  const Suite& suite = kSuites[options.suite % std::size(kSuites)];
  std::vector<uint8_t> key(suite.keymat_octets + suite.mac_key_octets, kKeyOctet);
  algorithm_ = mhtun::FindEspAlgorithm(suite.encr, suite.key_bits, suite.integ);
  Promise(algorithm_ != nullptr && cipher_.Init(*algorithm_, key.data(), key.data() + suite.keymat_octets, true), "there is a cipher");
}

Outputs PlanePair::FromTun(const mhtun::VnetHeader& header, uint8_t* packet, size_t length) {
  Outputs out;
  moon_.TunPacket(header, packet, length);
  Read(&moon_, &out);
  return out;
}

Outputs PlanePair::FromWire(uint8_t* data, size_t length, size_t segment, uint8_t tos) {
  Outputs out;
  sun_.Datagrams(PathFrom(2), tos, data, length, segment);
  Read(&sun_, &out);
  return out;
}

std::vector<uint8_t> PlanePair::Sealed(const uint8_t* plaintext, size_t length) {
  // A cipher of blocks has no other lengths.
  length -= length % algorithm_->block_octets;
  size_t head = mhtun::kEspHeaderOctets + algorithm_->iv_octets;
  std::vector<uint8_t> datagram(head + length + algorithm_->icv_octets);
  mhtun::Store32(datagram.data(), kOwnSpi);
  mhtun::Store32(datagram.data() + 4, ++sequence_);
  mhtun::Store32(datagram.data() + head - 4, sequence_);
  if (length > 0) std::memcpy(datagram.data() + head, plaintext, length);
  Promise(cipher_.Seal(datagram.data(), length, options_.esn, 0), "it can be sealed");
  return datagram;
}

Outputs PlanePair::Advance(double milliseconds) {
  Outputs out;
  now_ += milliseconds;
  for (mhtun::RigHost* host : {&moon_, &sun_}) {
    host->Advance(now_);
    Read(host, &out);
  }
  return out;
}

Outputs PlanePair::SetRoom(double octets) {
  Outputs out;
  moon_.SetRoom(octets);
  Read(&moon_, &out);
  return out;
}
