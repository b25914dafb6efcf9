// Sends UDP datagrams of one size at a rate, many with each call: datagram-source ADDRESS PORT OCTETS PER_SECOND MILLISECONDS
// A rate of 0 is as fast as it goes. Each datagram begins with its number. It prints what it sent as a line of JSON.
#include <sys/prctl.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "endpoint.h"

namespace {

constexpr size_t kBatch = 64;
// Between two looks at what is due: short enough to be a stream, long enough to leave the processor to others.
constexpr int64_t kPauseNs = 50000;
// What could not be sent for so long is not made up for: the rate was not reached, and the numbers say so.
constexpr int64_t kMaxDebtNs = 5000000;
constexpr int kSocketBufferOctets = 4 << 20;

class Source {
 public:
  Source(const Endpoint& to, size_t octets) : data_(kBatch * octets), octets_(octets) {
    fd_ = socket(to.any.sa_family, SOCK_DGRAM, 0);
    if (fd_ < 0 || connect(fd_, &to.any, to.length) < 0) Die("socket");
    setsockopt(fd_, SOL_SOCKET, SO_SNDBUFFORCE, &kSocketBufferOctets, sizeof(kSocketBufferOctets));
    for (size_t i = 0; i < kBatch; i++) {
      parts_[i] = {data_.data() + i * octets, octets};
      messages_[i] = {};
      messages_[i].msg_hdr.msg_iov = &parts_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
    }
  }

  void Send(size_t count) {
    for (size_t i = 0; i < count; i++) {
      auto number = static_cast<uint32_t>(sent_ + i);
      std::memcpy(parts_[i].iov_base, &number, sizeof(number));
    }
    for (size_t done = 0; done < count;) {
      int n = sendmmsg(fd_, messages_ + done, static_cast<unsigned>(count - done), 0);
      if (n < 0 && errno != EINTR && errno != ENOBUFS && errno != EAGAIN && errno != ECONNREFUSED) Die("sendmmsg");
      if (n > 0) done += static_cast<size_t>(n);
    }
    sent_ += count;
  }

  uint64_t sent() const { return sent_; }

 private:
  int fd_;
  std::vector<uint8_t> data_;
  size_t octets_;
  uint64_t sent_ = 0;
  iovec parts_[kBatch];
  mmsghdr messages_[kBatch];
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 6) {
    std::fprintf(stderr, "usage: datagram-source ADDRESS PORT OCTETS PER_SECOND MILLISECONDS\n");
    return 2;
  }
  Source source(EndpointOf(arguments[1], arguments[2]), std::max<size_t>(4, std::strtoul(arguments[3], nullptr, 10)));
  double per_ns = std::atof(arguments[4]) / 1e9;
  // Sleep as short as asked: by default the kernel rounds up by 50 µs.
  prctl(PR_SET_TIMERSLACK, 1);
  int64_t start = NowNs();
  int64_t end = start + std::atol(arguments[5]) * 1000000;
  int64_t now = start;
  double due = 0;
  while (now < end) {
    if (per_ns == 0) {
      source.Send(kBatch);
    } else {
      timespec pause{0, kPauseNs};
      nanosleep(&pause, nullptr);
    }
    int64_t last = now;
    now = NowNs();
    due += static_cast<double>(std::min(now - last, kMaxDebtNs)) * per_ns;
    while (due >= 1) {
      size_t ready = std::min(static_cast<size_t>(due), kBatch);
      source.Send(ready);
      due -= static_cast<double>(ready);
    }
  }
  std::printf("{\"sent\":%llu,\"seconds\":%.6f}\n", static_cast<unsigned long long>(source.sent()), static_cast<double>(now - start) / 1e9);
  return 0;
}
