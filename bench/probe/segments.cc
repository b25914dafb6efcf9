#include "segments.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace {

constexpr uint8_t kNeedsChecksum = 1;
constexpr uint8_t kGsoTcp4 = 1;
constexpr size_t kMaxJoined = 65000;
constexpr size_t kTcpChecksum = 16;

// RFC 1071; a compiler makes vectors of it.
uint32_t Sum(const uint8_t* data, size_t length, uint32_t start = 0) {
  uint64_t sum = start;
  size_t words = length / sizeof(uint32_t);
  for (size_t i = 0; i < words; i++) {
    uint32_t word;
    std::memcpy(&word, data + i * sizeof(word), sizeof(word));
    sum += word;
  }
  for (size_t at = words * sizeof(uint32_t); at < length; at += 2) {
    uint16_t word = 0;
    std::memcpy(&word, data + at, std::min<size_t>(2, length - at));
    sum += word;
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint32_t>(sum);
}

uint16_t Fold(uint32_t sum) {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(sum);
}

iphdr* Ip(uint8_t* packet) { return reinterpret_cast<iphdr*>(packet); }
tcphdr* Tcp(uint8_t* packet) { return reinterpret_cast<tcphdr*>(packet + sizeof(iphdr)); }
const iphdr* Ip(const uint8_t* packet) { return reinterpret_cast<const iphdr*>(packet); }
const tcphdr* Tcp(const uint8_t* packet) { return reinterpret_cast<const tcphdr*>(packet + sizeof(iphdr)); }

// Of the pseudo-header, for so many octets of TCP.
uint32_t PseudoSum(const uint8_t* packet, size_t tcp_octets) {
  return Sum(packet + 12, 8, htons(IPPROTO_TCP) + uint32_t{htons(static_cast<uint16_t>(tcp_octets))});
}

void SetIpLength(uint8_t* packet, size_t length) {
  Ip(packet)->tot_len = htons(static_cast<uint16_t>(length));
  Ip(packet)->check = 0;
  Ip(packet)->check = static_cast<uint16_t>(~Fold(Sum(packet, sizeof(iphdr))));
}

// Octets of both headers of a TCP packet with data whose checksum is right; 0 otherwise.
size_t JoinableHeaders(const uint8_t* packet, size_t length) {
  if (length < sizeof(iphdr) + sizeof(tcphdr) || packet[0] != 0x45 || Ip(packet)->protocol != IPPROTO_TCP) return 0;
  size_t headers = sizeof(iphdr) + Tcp(packet)->doff * size_t{4};
  if (headers >= length) return 0;
  size_t tcp_octets = length - sizeof(iphdr);
  return Fold(Sum(packet + sizeof(iphdr), tcp_octets, PseudoSum(packet, tcp_octets))) == 0xffff ? headers : 0;
}

}  // namespace

Cutter::Cutter(const VnetHeader& header, uint8_t* packet, size_t length) : packet_(packet), length_(length) {
  if (header.gso_type == kGsoTcp4) {
    headers_ = sizeof(iphdr) + Tcp(packet)->doff * size_t{4};
    segment_ = header.gso_size;
  } else if ((header.flags & kNeedsChecksum) != 0) {
    uint8_t* field = packet + header.checksum_start + header.checksum_offset;
    auto checksum = static_cast<uint16_t>(~Fold(Sum(packet + header.checksum_start, length - header.checksum_start)));
    std::memcpy(field, &checksum, sizeof(checksum));
  }
}

size_t Cutter::Next(uint8_t* out) {
  if (done_ == length_) return 0;
  if (segment_ == 0) {
    std::memcpy(out, packet_, length_);
    done_ = length_;
    return length_;
  }
  size_t offset = done_ == 0 ? 0 : done_ - headers_;
  size_t payload = std::min(segment_, length_ - headers_ - offset);
  size_t length = headers_ + payload;
  std::memcpy(out, packet_, headers_);
  std::memcpy(out + headers_, packet_ + headers_ + offset, payload);
  done_ = headers_ + offset + payload;
  Ip(out)->id = htons(static_cast<uint16_t>(ntohs(Ip(out)->id) + offset / segment_));
  SetIpLength(out, length);
  tcphdr* tcp = Tcp(out);
  tcp->seq = htonl(ntohl(tcp->seq) + static_cast<uint32_t>(offset));
  if (done_ < length_) tcp->psh = tcp->fin = 0;
  tcp->check = 0;
  size_t tcp_octets = length - sizeof(iphdr);
  tcp->check = static_cast<uint16_t>(~Fold(Sum(out + sizeof(iphdr), tcp_octets, PseudoSum(out, tcp_octets))));
  return length;
}

void Joiner::Add(const uint8_t* packet, size_t length) {
  if (Append(packet, length)) return;
  Flush();
  if (length > kMaxJoined) return;
  std::memcpy(this->packet(), packet, length);
  length_ = length;
  count_ = 1;
  headers_ = JoinableHeaders(packet, length);
  open_ = headers_ > 0 && !Tcp(packet)->psh;
  if (!open_) return;
  segment_ = length - headers_;
  next_sequence_ = ntohl(Tcp(packet)->seq) + static_cast<uint32_t>(segment_);
}

bool Joiner::Append(const uint8_t* packet, size_t length) {
  if (!open_ || JoinableHeaders(packet, length) != headers_) return false;
  size_t payload = length - headers_;
  const uint8_t* first = this->packet();
  bool same_flow = std::memcmp(packet + 12, first + 12, 12) == 0;
  if (!same_flow || ntohl(Tcp(packet)->seq) != next_sequence_ || payload > segment_ || length_ + payload > kMaxJoined) return false;
  std::memcpy(this->packet() + length_, packet + headers_, payload);
  length_ += payload;
  count_++;
  next_sequence_ += static_cast<uint32_t>(payload);
  Tcp(this->packet())->ack_seq = Tcp(packet)->ack_seq;
  if (Tcp(packet)->psh) Tcp(this->packet())->psh = 1;
  open_ = payload == segment_ && !Tcp(packet)->psh;
  return true;
}

void Joiner::Flush() {
  if (count_ == 0) return;
  VnetHeader header{};
  if (count_ > 1) {
    size_t tcp_octets = length_ - sizeof(iphdr);
    SetIpLength(packet(), length_);
    Tcp(packet())->check = Fold(PseudoSum(packet(), tcp_octets));
    header.flags = kNeedsChecksum;
    header.gso_type = kGsoTcp4;
    header.gso_size = static_cast<uint16_t>(segment_);
    header.header_length = static_cast<uint16_t>(headers_);
    header.checksum_start = sizeof(iphdr);
    header.checksum_offset = kTcpChecksum;
  }
  std::memcpy(buffer_, &header, sizeof(header));
  // A device that is down takes nothing: then it is lost.
  [[maybe_unused]] ssize_t written = write(tun_, buffer_, sizeof(header) + length_);
  count_ = length_ = 0;
  open_ = false;
}
