// ESP (RFC 4303) with AES-128-GCM (RFC 4106) and a key that everybody knows.
#ifndef MHTUN_PROBE_SEAL_H_
#define MHTUN_PROBE_SEAL_H_

#include <openssl/evp.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

inline constexpr size_t kEspHeader = 8;
inline constexpr size_t kIv = 8;
inline constexpr size_t kIcv = 16;
inline constexpr uint8_t kNextHeaderIpv4 = 4;

class GcmContext {
 public:
  explicit GcmContext(bool encrypt) : context_(EVP_CIPHER_CTX_new()) {
    static const uint8_t key[16] = {0x6d, 0x68, 0x74, 0x75, 0x6e};
    EVP_CipherInit_ex(context_, EVP_aes_128_gcm(), nullptr, key, nullptr, encrypt ? 1 : 0);
  }

 protected:
  // The nonce is a salt, here of zeros, and the IV. What is authenticated besides is the ESP header.
  void Begin(const uint8_t* esp) {
    uint8_t nonce[4 + kIv] = {};
    std::memcpy(nonce + 4, esp + kEspHeader, kIv);
    int ignored;
    EVP_CipherInit_ex(context_, nullptr, nullptr, nullptr, nonce, -1);
    EVP_CipherUpdate(context_, nullptr, &ignored, esp, kEspHeader);
  }
  EVP_CIPHER_CTX* context_;
};

class Sealer : GcmContext {
 public:
  Sealer() : GcmContext(true) {}

  // Where the packet has to lie in the datagram that it becomes.
  static uint8_t* PayloadIn(uint8_t* datagram) { return datagram + kEspHeader + kIv; }

  // The length of the datagram.
  size_t Seal(uint8_t* datagram, size_t length) {
    sequence_++;
    for (size_t i = 0; i < 4; i++) datagram[i] = 0x11;
    for (size_t i = 0; i < 4; i++) datagram[4 + i] = static_cast<uint8_t>(sequence_ >> (24 - 8 * i));
    for (size_t i = 0; i < kIv; i++) datagram[kEspHeader + i] = static_cast<uint8_t>(sequence_ >> (56 - 8 * i));
    uint8_t* payload = PayloadIn(datagram);
    // RFC 4303 §2.4: padding brings the trailer to four octets, and counts up.
    size_t padding = (4 - (length + 2) % 4) % 4;
    for (size_t i = 0; i < padding; i++) payload[length + i] = static_cast<uint8_t>(i + 1);
    payload[length + padding] = static_cast<uint8_t>(padding);
    payload[length + padding + 1] = kNextHeaderIpv4;
    size_t sealed = length + padding + 2;
    Begin(datagram);
    int ignored;
    EVP_CipherUpdate(context_, payload, &ignored, payload, static_cast<int>(sealed));
    EVP_CipherFinal_ex(context_, payload + sealed, &ignored);
    EVP_CIPHER_CTX_ctrl(context_, EVP_CTRL_AEAD_GET_TAG, kIcv, payload + sealed);
    return kEspHeader + kIv + sealed + kIcv;
  }

 private:
  uint64_t sequence_ = 0;
};

class Opener : GcmContext {
 public:
  Opener() : GcmContext(false) {}

  // The packet's length, 0 where it is none.
  size_t Open(uint8_t* datagram, size_t length, uint8_t** packet) {
    if (length < kEspHeader + kIv + 2 + kIcv) return 0;
    *packet = datagram + kEspHeader + kIv;
    size_t sealed = length - kEspHeader - kIv - kIcv;
    Begin(datagram);
    int ignored;
    EVP_CipherUpdate(context_, *packet, &ignored, *packet, static_cast<int>(sealed));
    EVP_CIPHER_CTX_ctrl(context_, EVP_CTRL_AEAD_SET_TAG, kIcv, *packet + sealed);
    if (EVP_CipherFinal_ex(context_, *packet + sealed, &ignored) != 1) return 0;
    size_t trailer = 2 + static_cast<size_t>((*packet)[sealed - 2]);
    return trailer > sealed ? 0 : sealed - trailer;
  }
};

#endif  // MHTUN_PROBE_SEAL_H_
