// Memory that JavaScript allocates once and both sides use: packets in slots of one size, and numbers about each of them.
// The addon keeps a strong reference, so the memory outlives every system call that writes into it.
#ifndef MHTUN_ARENA_H_
#define MHTUN_ARENA_H_

#include <napi.h>

#include <cstddef>
#include <cstdint>

namespace mhtun {

// How many packets cross into JavaScript in one call at most.
inline constexpr size_t kBatchPackets = 64;

// A typed array held for as long as this object lives.
template <typename Array, typename Element>
class HeldArray {
 public:
  void Hold(Array array) {
    data_ = array.Data();
    length_ = array.ElementLength();
    reference_ = Napi::Persistent(array);
  }
  void Release() {
    reference_.Reset();
    data_ = nullptr;
    length_ = 0;
  }
  Element* data() const { return data_; }
  size_t length() const { return length_; }

 private:
  Napi::Reference<Array> reference_;
  Element* data_ = nullptr;
  size_t length_ = 0;
};

using HeldBytes = HeldArray<Napi::Uint8Array, uint8_t>;
using HeldNumbers = HeldArray<Napi::Int32Array, int32_t>;

// The octets of an argument. An empty array may have no address.
struct Octets {
  const uint8_t* data = nullptr;
  size_t length = 0;
  // It was a Uint8Array.
  bool given = false;
};

inline Octets OctetsOf(const Napi::Value& value) {
  if (!value.IsTypedArray()) return {};
  auto array = value.As<Napi::TypedArray>();
  if (array.TypedArrayType() != napi_uint8_array) return {};
  auto bytes = array.As<Napi::Uint8Array>();
  return {bytes.Data(), bytes.ElementLength(), true};
}

inline bool IsInt32Array(const Napi::Value& value) {
  return value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == napi_int32_array;
}

// Every function of the addon answers with a number: what it counts, or an errno, negated.
inline Napi::Value Answer(Napi::Env env, int64_t value) { return Napi::Number::New(env, static_cast<double>(value)); }

}  // namespace mhtun

#endif  // MHTUN_ARENA_H_
