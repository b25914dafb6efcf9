// Octets and numbers between JavaScript and a plane.
#ifndef MHTUN_PLANE_PLANE_VALUES_H_
#define MHTUN_PLANE_PLANE_VALUES_H_

#include <napi.h>

#include <cstdint>
#include <cstring>
#include <vector>

#include "../arena.h"
#include "bytes.h"
#include "path.h"

namespace mhtun {

// JavaScript gave them for good, or for the length of a call: they may be written to.
inline uint8_t* Writable(const Octets& octets) { return const_cast<uint8_t*>(octets.data); }

inline Path PathOf(const Octets& octets) {
  ByteReader from(Writable(octets), octets.length);
  return ReadPath(&from);
}

inline Napi::Value BytesValue(Napi::Env env, const std::vector<uint8_t>& octets) {
  auto out = Napi::Uint8Array::New(env, octets.size());
  if (!octets.empty()) std::memcpy(out.Data(), octets.data(), octets.size());
  return out;
}

inline Napi::Value NumbersValue(Napi::Env env, const std::vector<double>& numbers) {
  auto out = Napi::Float64Array::New(env, numbers.size());
  if (!numbers.empty()) std::memcpy(out.Data(), numbers.data(), numbers.size() * sizeof(double));
  return out;
}

}  // namespace mhtun

#endif  // MHTUN_PLANE_PLANE_VALUES_H_
