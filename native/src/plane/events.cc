#include "events.h"

#include <unistd.h>

#include <utility>

#include "limits.h"

namespace mhtun {
namespace {

void WriteAddress(ByteWriter* to, uint8_t family, const AddressWords& address) {
  to->U8(family);
  for (int i = 0; i < (family == 4 ? 1 : 4); i++) to->U32(__builtin_bswap32(address.word[i]));
}

}  // namespace

bool EventQueue::Ike(const Path& path, const uint8_t* octets, size_t length) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (waiting_.size() + length > kMaxEventOctets) return false;
  ByteWriter to(&waiting_);
  to.U8(0);
  WritePath(&to, path);
  to.U32(static_cast<uint32_t>(length));
  to.Octets(octets, length);
  lock.unlock();
  Wake();
  return true;
}

// What is told of SAs and sockets is bounded by their number and by time, so it always finds room.
void EventQueue::OfChild(uint8_t kind, double child, const Path* path) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    ByteWriter to(&waiting_);
    to.U8(kind);
    to.F64(child);
    if (path != nullptr) WritePath(&to, *path);
  }
  Wake();
}

void EventQueue::Acquire(const std::string& policy, const PacketView& view) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    ByteWriter to(&waiting_);
    to.U8(3);
    to.Text(policy);
    int protocol = view.next.protocol == kUnknownProtocol ? 0 : view.next.protocol;
    to.U8(static_cast<uint8_t>(protocol));
    const std::pair<const AddressWords*, int> sides[] = {{&view.source, view.next.source_port},
                                                         {&view.destination, view.next.destination_port}};
    for (const auto& [address, port] : sides) {
      WriteAddress(&to, view.family, *address);
      to.U16(port == kNoPort ? 0 : static_cast<uint16_t>(port));
      to.U16(port == kNoPort ? 65535 : static_cast<uint16_t>(port));
    }
  }
  Wake();
}

void EventQueue::UnknownSpi(uint32_t spi, const Path& path) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    ByteWriter to(&waiting_);
    to.U8(9);
    to.U32(spi);
    WritePath(&to, path);
  }
  Wake();
}

void EventQueue::SocketError(const Path& path, bool with_remote, int error) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    ByteWriter to(&waiting_);
    to.U8(10);
    to.U8(with_remote ? 1 : 0);
    to.U32(static_cast<uint32_t>(error));
    WritePath(&to, path);
  }
  Wake();
}

void EventQueue::TunFailed(int error) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    ByteWriter to(&waiting_);
    to.U8(11);
    to.U32(static_cast<uint32_t>(error));
  }
  Wake();
}

std::vector<uint8_t> EventQueue::Take() {
  std::lock_guard<std::mutex> lock(mutex_);
  return std::exchange(waiting_, {});
}

void EventQueue::WakeBy(double at) {
  double known = wake_at_.load(std::memory_order_relaxed);
  while (at < known) {
    if (!wake_at_.compare_exchange_weak(known, at, std::memory_order_relaxed)) continue;
    Wake();
    return;
  }
}

void EventQueue::Wake() {
  if (wake_fd_ < 0) return;
  uint64_t one = 1;
  // A counter that is full wakes as well.
  [[maybe_unused]] ssize_t written = write(wake_fd_, &one, sizeof(one));
}

}  // namespace mhtun
