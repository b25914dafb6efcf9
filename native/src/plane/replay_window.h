// The anti-replay window of one inbound SA (RFC 4303 §3.4.3) and the high half of an extended sequence number (RFC 4303
// App. A2). The bitmap is a ring of blocks that moves by whole blocks (RFC 6479).
#ifndef MHTUN_PLANE_REPLAY_WINDOW_H_
#define MHTUN_PLANE_REPLAY_WINDOW_H_

#include <cstdint>
#include <vector>

namespace mhtun {

class ReplayWindow {
 public:
  // In packets; held within the limits.
  ReplayWindow(uint32_t size, bool esn);

  // The whole sequence number that the low half stands for; 0, which no packet has, where there can be none.
  uint64_t Infer(uint32_t low) const;
  // Whether a packet of this number may still be authentic news. Changes nothing.
  bool Check(uint64_t sequence) const;
  // Marks the number of an authenticated packet that passed Check(). True where it advanced the right edge.
  bool Update(uint64_t sequence);

 private:
  uint32_t size_;
  bool esn_;
  uint64_t top_ = 0;
  uint64_t mask_;
  std::vector<uint64_t> blocks_;
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_REPLAY_WINDOW_H_
