// Two data planes with a Child SA between them, without threads, sockets and TUN devices: moon seals, sun opens.
#ifndef MHTUN_FUZZ_PLANE_PAIR_H_
#define MHTUN_FUZZ_PLANE_PAIR_H_

#include <cstdint>
#include <vector>

#include "plane/esp_cipher.h"
#include "plane/rig_host.h"

struct PairOptions {
  // Of a transform of each kind.
  unsigned suite = 0;
  bool esn = false;
  // Only UDP to port 53 is for the SA: then fragments want their first one.
  bool selective = false;
  bool merge = false;
  bool segment = false;
};

// What planes put out: ESP for the wire, packets for the TUN device.
struct Outputs {
  std::vector<std::vector<uint8_t>> sent;
  std::vector<std::vector<uint8_t>> written;
};

class PlanePair {
 public:
  explicit PlanePair(const PairOptions& options);

  Outputs FromTun(const mhtun::VnetHeader& header, uint8_t* packet, size_t length);
  // At sun, as the kernel gives datagrams: several of one size at once, or one where `segment` is 0.
  Outputs FromWire(uint8_t* data, size_t length, size_t segment, uint8_t tos);
  // A datagram of moon's second SA with this plaintext, trailer and all, in it.
  std::vector<uint8_t> Sealed(const uint8_t* plaintext, size_t length);
  Outputs Advance(double milliseconds);
  Outputs SetRoom(double octets);

 private:
  PairOptions options_;
  double now_ = 1000;
  mhtun::RigHost moon_;
  mhtun::RigHost sun_;
  const mhtun::EspAlgorithm* algorithm_;
  mhtun::EspCipher cipher_;
  uint32_t sequence_ = 0;
};

#endif  // MHTUN_FUZZ_PLANE_PAIR_H_
