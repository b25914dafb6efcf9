// The offloads at the other end of a pipe, for tests in TypeScript. A request is a length and so many octets, of which the
// first says what to do; an answer is a count and so many items, each a length and octets. Numbers have 32 bits, in the
// machine's order. Every packet lies in memory of exactly its size, so that a sanitizer sees each octet too far.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "offload/checksum.h"
#include "offload/merge.h"
#include "offload/split.h"
#include "tun_pair.h"

namespace {

using Bytes = std::vector<uint8_t>;
using Items = std::vector<Bytes>;

// The answer for what is malformed.
constexpr uint32_t kRefused = 0xffffffff;
constexpr size_t kVnetOctets = sizeof(mhtun::VnetHeader);

Bytes Part(const Bytes& bytes, size_t from, size_t octets) {
  auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(from);
  Bytes part(begin, begin + static_cast<std::ptrdiff_t>(octets));
  part.shrink_to_fit();
  return part;
}

void AppendNumber(Items* items, uint32_t number) {
  Bytes bytes(sizeof(number));
  std::memcpy(bytes.data(), &number, sizeof(number));
  items->push_back(bytes);
}

// checksum: octets → the sum, that of copying them, and the copy.
bool Checksum(const Bytes& request, Items* answer) {
  Bytes data = Part(request, 1, request.size() - 1);
  Bytes copy(data.size());
  AppendNumber(answer, mhtun::Sum(data.data(), data.size()));
  AppendNumber(answer, mhtun::CopyAndSum(copy.data(), data.data(), data.size()));
  answer->push_back(copy);
  return true;
}

// split: virtio header, packet → packets, written from the last to the first.
bool Split(const Bytes& request, Items* answer) {
  mhtun::VnetHeader header;
  std::memcpy(&header, request.data() + 1, kVnetOctets);
  Bytes packet = Part(request, 1 + kVnetOctets, request.size() - 1 - kVnetOctets);
  mhtun::Splitter splitter;
  if (!splitter.Begin(header, packet.data(), packet.size())) return false;
  answer->resize(splitter.count());
  for (size_t i = splitter.count(); i-- > 0;) {
    (*answer)[i].resize(splitter.Length(i));
    splitter.Write(i, (*answer)[i].data());
  }
  return true;
}

// merge: what may be merged, packets with their lengths → writes, the virtio header in front.
bool Merge(const Bytes& request, Items* answer) {
  uint8_t options = request[1];
  auto merger = std::make_unique<mhtun::Merger>(mhtun::MergeOptions{(options & 1) != 0, (options & 2) != 0, (options & 4) != 0});
  Items packets;
  for (size_t at = 2; at < request.size();) {
    uint32_t length;
    std::memcpy(&length, request.data() + at, sizeof(length));
    packets.push_back(Part(request, at + sizeof(length), length));
    at += sizeof(length) + length;
  }
  auto flush = [&] {
    mhtun::Merged merged;
    while (merger->Next(&merged)) {
      Bytes write;
      for (int i = 0; i < merged.part_count; i++) {
        auto* data = static_cast<uint8_t*>(merged.parts[i].iov_base);
        write.insert(write.end(), data, data + merged.parts[i].iov_len);
      }
      if (write.size() != merged.octets + kVnetOctets) std::abort();
      answer->push_back(write);
    }
  };
  for (Bytes& packet : packets) {
    if (merger->Add(packet.data(), packet.size())) continue;
    flush();
    if (!merger->Add(packet.data(), packet.size())) std::abort();
  }
  flush();
  return true;
}

// kernel: virtio header and packet → what the kernel makes of it on its way to a device without offloads.
bool Kernel(const Bytes& request, Items* answer) {
  static TunPair pair;
  return pair.Forward(request.data() + 1, request.size() - 1, answer);
}

bool Read(void* data, size_t octets) { return std::fread(data, 1, octets, stdin) == octets; }

void Write(const void* data, size_t octets) {
  if (std::fwrite(data, 1, octets, stdout) != octets) std::exit(1);
}

}  // namespace

int main() {
  uint32_t length;
  while (Read(&length, sizeof(length))) {
    Bytes request(length);
    if (length == 0 || !Read(request.data(), length)) return 1;
    Items answer;
    bool done = false;
    if (request[0] == 'c') done = Checksum(request, &answer);
    if (request[0] == 's') done = Split(request, &answer);
    if (request[0] == 'm') done = Merge(request, &answer);
    if (request[0] == 'k') done = Kernel(request, &answer);
    auto count = done ? static_cast<uint32_t>(answer.size()) : kRefused;
    Write(&count, sizeof(count));
    if (!done) answer.clear();
    for (const Bytes& item : answer) {
      auto octets = static_cast<uint32_t>(item.size());
      Write(&octets, sizeof(octets));
      if (octets > 0) Write(item.data(), item.size());
    }
    std::fflush(stdout);
  }
  return 0;
}
