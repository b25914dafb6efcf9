// Sends IPv4 datagrams with forged sources, as fast as asked: flood DESTINATION INITS_PER_S ESP_PER_S MILLISECONDS INIT_HEX
// IKE_SA_INIT requests to port 500: the one given, with another initiator SPI, source and port each time. ESP packets to port 4500: random SPIs and
// content. Sources are drawn from 172.16.0.0/12. It prints what it sent as a line of JSON.
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sys/prctl.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <vector>

#include "endpoint.h"

namespace {

constexpr size_t kBatch = 64;
constexpr size_t kSlotOctets = 1024;
constexpr size_t kHeaders = sizeof(iphdr) + sizeof(udphdr);
constexpr size_t kEspOctets = 120;
constexpr int64_t kPauseNs = 50000;
constexpr int64_t kMaxDebtNs = 5000000;
constexpr int kSocketBufferOctets = 8 << 20;

uint64_t Random() {
  static uint64_t state = static_cast<uint64_t>(NowNs()) | 1;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

class Flood {
 public:
  Flood(const Endpoint& to, uint16_t port, std::vector<uint8_t> payload) : to_(to), slots_(kBatch * kSlotOctets) {
    fd_ = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
    if (fd_ < 0) Die("raw socket");
    setsockopt(fd_, SOL_SOCKET, SO_SNDBUFFORCE, &kSocketBufferOctets, sizeof(kSocketBufferOctets));
    size_t octets = kHeaders + payload.size();
    for (size_t i = 0; i < kBatch; i++) {
      uint8_t* slot = Slot(i);
      iphdr ip{};
      ip.version = 4;
      ip.ihl = 5;
      ip.ttl = 60;
      ip.protocol = IPPROTO_UDP;
      ip.tot_len = htons(static_cast<uint16_t>(octets));
      ip.daddr = to.v4.sin_addr.s_addr;
      udphdr udp{};
      udp.dest = htons(port);
      udp.len = htons(static_cast<uint16_t>(sizeof(udphdr) + payload.size()));
      std::memcpy(slot, &ip, sizeof(ip));
      std::memcpy(slot + sizeof(ip), &udp, sizeof(udp));
      std::memcpy(slot + kHeaders, payload.data(), payload.size());
      parts_[i] = {slot, octets};
      messages_[i] = {};
      messages_[i].msg_hdr.msg_iov = &parts_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
      messages_[i].msg_hdr.msg_name = &to_.v4;
      messages_[i].msg_hdr.msg_namelen = sizeof(to_.v4);
    }
  }

  void Send(size_t count) {
    for (size_t i = 0; i < count; i++) {
      uint64_t drawn = Random();
      uint32_t source = htonl(0xac100000u | (static_cast<uint32_t>(drawn) & 0xfffff));
      auto port = htons(static_cast<uint16_t>(1024 + ((drawn >> 20) & 0x7fff)));
      uint64_t spi = Random() | 0x0100;
      std::memcpy(Slot(i) + offsetof(iphdr, saddr), &source, sizeof(source));
      std::memcpy(Slot(i) + sizeof(iphdr) + offsetof(udphdr, source), &port, sizeof(port));
      std::memcpy(Slot(i) + kHeaders, &spi, sizeof(spi));
    }
    for (size_t done = 0; done < count;) {
      int n = sendmmsg(fd_, messages_ + done, static_cast<unsigned>(count - done), 0);
      if (n < 0 && errno != EINTR && errno != ENOBUFS && errno != EAGAIN) Die("sendmmsg");
      if (n > 0) done += static_cast<size_t>(n);
    }
    sent_ += count;
  }

  uint64_t sent() const { return sent_; }

 private:
  uint8_t* Slot(size_t i) { return slots_.data() + i * kSlotOctets; }

  Endpoint to_;
  int fd_;
  std::vector<uint8_t> slots_;
  uint64_t sent_ = 0;
  iovec parts_[kBatch];
  mmsghdr messages_[kBatch];
};

std::vector<uint8_t> FromHex(const char* text) {
  std::vector<uint8_t> out;
  for (; text[0] != 0 && text[1] != 0 && out.size() < kSlotOctets - kHeaders; text += 2) {
    char digits[] = {text[0], text[1], 0};
    out.push_back(static_cast<uint8_t>(std::strtoul(digits, nullptr, 16)));
  }
  return out;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 6) {
    std::fprintf(stderr, "usage: flood DESTINATION INITS_PER_S ESP_PER_S MILLISECONDS INIT_HEX\n");
    return 2;
  }
  Endpoint to = EndpointOf(arguments[1], "0");
  Flood floods[] = {{to, 500, FromHex(arguments[5])}, {to, 4500, std::vector<uint8_t>(kEspOctets, 0x5a)}};
  double per_ns[] = {std::atof(arguments[2]) / 1e9, std::atof(arguments[3]) / 1e9};
  double due[] = {0, 0};
  prctl(PR_SET_TIMERSLACK, 1);
  int64_t start = NowNs();
  int64_t end = start + std::atol(arguments[4]) * 1000000;
  int64_t now = start;
  while (now < end) {
    timespec pause{0, kPauseNs};
    nanosleep(&pause, nullptr);
    int64_t last = now;
    now = NowNs();
    for (size_t kind = 0; kind < 2; kind++) {
      due[kind] += static_cast<double>(std::min(now - last, kMaxDebtNs)) * per_ns[kind];
      while (due[kind] >= 1) {
        size_t ready = std::min(static_cast<size_t>(due[kind]), kBatch);
        floods[kind].Send(ready);
        due[kind] -= static_cast<double>(ready);
      }
    }
  }
  std::printf("{\"inits\":%llu,\"esp\":%llu,\"seconds\":%.6f}\n", static_cast<unsigned long long>(floods[0].sent()),
              static_cast<unsigned long long>(floods[1].sent()), static_cast<double>(now - start) / 1e9);
  return 0;
}
