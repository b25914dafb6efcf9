// A batch of datagrams on its way out: those of one size to one peer as one message where the kernel can do that.
#ifndef MHTUN_OUTGOING_H_
#define MHTUN_OUTGOING_H_

#include <cstddef>
#include <cstdint>

#include "datagram.h"

namespace mhtun {

// Numbers about a datagram to send: length, tos, and the answer (0 or an errno, negated).
inline constexpr size_t kSendWords = 4;

// Datagrams that go through the stack as one message.
struct Group {
  size_t first;
  size_t count;
};

// What is to be sent, as `sendBatch` was given it; at most kBatchPackets datagrams. Only one at a time on a thread.
class Outgoing {
 public:
  Outgoing(const uint8_t* slots, size_t slot_bytes, int32_t* numbers, const uint8_t* peers, size_t count, int family,
           unsigned device_index);

  // Sends all of it and writes the answers; how many datagrams left. `refused`: the kernel would not take several as one.
  int64_t Send(int fd, bool may_segment, bool* refused);

 private:
  size_t Length(size_t i) const { return static_cast<uint32_t>(numbers_[i * kSendWords]); }
  int Tos(size_t i) const { return numbers_[i * kSendWords + 1] & 0xff; }
  void Fail(size_t i, int error) { numbers_[i * kSendWords + 2] = -error; }
  size_t Run(size_t first) const;
  void Fill(size_t message_index, size_t first, size_t n) const;
  size_t Prepare(bool may_segment) const;
  int64_t SendSingly(int fd, size_t message_index);

  const uint8_t* slots_;
  size_t slot_bytes_;
  int32_t* numbers_;
  const uint8_t* peers_;
  size_t count_;
  int family_;
  unsigned device_index_;
};

}  // namespace mhtun

#endif  // MHTUN_OUTGOING_H_
