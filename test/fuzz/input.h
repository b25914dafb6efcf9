// What the fuzzer gives, cut into pieces, and what ends it when a promise is not kept.
#ifndef MHTUN_FUZZ_INPUT_H_
#define MHTUN_FUZZ_INPUT_H_

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

// Memory of exactly so many octets, so that the sanitizer sees the first one too far.
class Octets {
 public:
  explicit Octets(size_t size) : size_(size), data_(new uint8_t[size]) {}
  Octets(const uint8_t* data, size_t size) : Octets(size) {
    if (size > 0) std::memcpy(data_.get(), data, size);
  }
  uint8_t* data() const { return data_.get(); }
  size_t size() const { return size_; }

 private:
  size_t size_;
  std::unique_ptr<uint8_t[]> data_;
};

class Input {
 public:
  Input(const uint8_t* data, size_t size) : data_(data), left_(size) {}

  size_t left() const { return left_; }
  // The next octets; as many as there are, if that is less.
  Octets Take(size_t size) {
    if (size > left_) size = left_;
    Octets taken(data_, size);
    data_ += size;
    left_ -= size;
    return taken;
  }
  // Zero once there is nothing left.
  uint8_t TakeOctet() {
    Octets one = Take(1);
    return one.size() == 1 ? *one.data() : uint8_t{0};
  }

 private:
  const uint8_t* data_;
  size_t left_;
};

inline void Promise(bool kept, const char* what) {
  if (kept) return;
  std::fprintf(stderr, "not so: %s\n", what);
  std::abort();
}

#endif  // MHTUN_FUZZ_INPUT_H_
