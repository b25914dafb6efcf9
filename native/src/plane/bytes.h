// Numbers and octets in one buffer, as commands come from JavaScript and events go to it: little-endian, nothing aligned.
#ifndef MHTUN_PLANE_BYTES_H_
#define MHTUN_PLANE_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace mhtun {

// Reads within its bounds; past them everything is 0 and `failed` is set.
class ByteReader {
 public:
  ByteReader(uint8_t* data, size_t length) : at_(data), left_(length) {}

  template <typename Number>
  Number Get() {
    Number value{};
    if (uint8_t* from = Take(sizeof(value)); from != nullptr) std::memcpy(&value, from, sizeof(value));
    return value;
  }
  uint8_t U8() { return Get<uint8_t>(); }
  uint16_t U16() { return Get<uint16_t>(); }
  uint32_t U32() { return Get<uint32_t>(); }
  uint64_t U64() { return Get<uint64_t>(); }
  double F64() { return Get<double>(); }
  bool Flag() { return U8() != 0; }

  // The next octets, or null where there are not so many.
  uint8_t* Take(size_t length) {
    if (length > left_) {
      failed_ = true;
      left_ = 0;
      return nullptr;
    }
    uint8_t* from = at_;
    at_ += length;
    left_ -= length;
    return from;
  }
  std::string Text() {
    size_t length = U16();
    uint8_t* from = Take(length);
    return from == nullptr ? std::string() : std::string(reinterpret_cast<char*>(from), length);
  }

  size_t left() const { return left_; }
  bool failed() const { return failed_; }

 private:
  uint8_t* at_;
  size_t left_;
  bool failed_ = false;
};

class ByteWriter {
 public:
  explicit ByteWriter(std::vector<uint8_t>* out) : out_(out) {}

  template <typename Number>
  void Put(Number value) {
    Octets(&value, sizeof(value));
  }
  void U8(uint8_t value) { Put(value); }
  void U16(uint16_t value) { Put(value); }
  void U32(uint32_t value) { Put(value); }
  void F64(double value) { Put(value); }
  void Octets(const void* data, size_t length) {
    const auto* from = static_cast<const uint8_t*>(data);
    out_->insert(out_->end(), from, from + length);
  }
  void Text(const std::string& text) {
    U16(static_cast<uint16_t>(text.size()));
    Octets(text.data(), text.size());
  }

 private:
  std::vector<uint8_t>* out_;
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_BYTES_H_
