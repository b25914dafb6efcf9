// Two TUN devices in the network namespace that the program is in: what is written into the first, which has every offload,
// is forwarded by the kernel to the second, which has none. The kernel cuts it on the way.
#ifndef MHTUN_TEST_TUN_PAIR_H_
#define MHTUN_TEST_TUN_PAIR_H_

#include <cstddef>
#include <cstdint>
#include <vector>

// A TUN device of this name with every offload or with none, down and without addresses; -1 where that can't be.
int OpenTun(const char* name, bool offloads);

class TunPair {
 public:
  // False: the kernel refuses the packet, or there are no such devices.
  bool Forward(const uint8_t* packet, size_t length, std::vector<std::vector<uint8_t>>* out);

 private:
  bool Open();

  int from_ = -1;
  int to_ = -1;
};

#endif  // MHTUN_TEST_TUN_PAIR_H_
