// Cuts what the TUN device gives into packets, and joins packets again for it. It knows TCP over IPv4 without options of IPv4;
// all else passes as it is.
#ifndef MHTUN_PROBE_SEGMENTS_H_
#define MHTUN_PROBE_SEGMENTS_H_

#include <netinet/ip.h>
#include <netinet/tcp.h>

#include <cstddef>
#include <cstdint>

struct VnetHeader {
  uint8_t flags;
  uint8_t gso_type;
  uint16_t header_length;
  uint16_t gso_size;
  uint16_t checksum_start;
  uint16_t checksum_offset;
};

class Cutter {
 public:
  Cutter(const VnetHeader& header, uint8_t* packet, size_t length);

  // Writes the next packet; its length, 0 after the last.
  size_t Next(uint8_t* out);

 private:
  uint8_t* packet_;
  size_t length_;
  // Octets of IP and TCP header, and of payload in each segment; 0 where nothing is to be cut.
  size_t headers_ = 0;
  size_t segment_ = 0;
  size_t done_ = 0;
};

class Joiner {
 public:
  explicit Joiner(int tun) : tun_(tun) {}

  void Add(const uint8_t* packet, size_t length);
  // Writes what has been joined.
  void Flush();

 private:
  bool Append(const uint8_t* packet, size_t length);
  uint8_t* packet() { return buffer_ + sizeof(VnetHeader); }

  int tun_;
  size_t length_ = 0;
  size_t headers_ = 0;
  // Payload of the first packet.
  size_t segment_ = 0;
  size_t count_ = 0;
  bool open_ = false;
  uint32_t next_sequence_ = 0;
  uint8_t buffer_[1 << 16];
};

#endif  // MHTUN_PROBE_SEGMENTS_H_
