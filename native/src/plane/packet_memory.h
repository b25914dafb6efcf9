// Memory for packets in clear: pages of their own, which no core dump shows.
#ifndef MHTUN_PLANE_PACKET_MEMORY_H_
#define MHTUN_PLANE_PACKET_MEMORY_H_

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace mhtun {

class PacketMemory {
 public:
  explicit PacketMemory(size_t octets) : octets_(octets) {
    void* at = mmap(nullptr, octets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    // As operator new without exceptions.
    if (at == MAP_FAILED) std::abort();
    madvise(at, octets, MADV_DONTDUMP);
    data_ = static_cast<uint8_t*>(at);
  }
  ~PacketMemory() { munmap(data_, octets_); }
  PacketMemory(const PacketMemory&) = delete;
  PacketMemory& operator=(const PacketMemory&) = delete;

  uint8_t* data() { return data_; }
  size_t size() const { return octets_; }

 private:
  uint8_t* data_;
  size_t octets_;
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_PACKET_MEMORY_H_
