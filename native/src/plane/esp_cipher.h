// The ciphers of ESP over OpenSSL's EVP, which Node brings along: AES-GCM (RFC 4106), ChaCha20-Poly1305 (RFC 7634), AES-CBC
// with HMAC-SHA2 (RFC 3602, RFC 4868). Algorithms are fetched once; a context is keyed once and serves one direction of one
// SA on one worker. OpenSSL overwrites keys and key schedules when it frees a context.
#ifndef MHTUN_PLANE_ESP_CIPHER_H_
#define MHTUN_PLANE_ESP_CIPHER_H_

#include <openssl/evp.h>

#include <cstddef>
#include <cstdint>

namespace mhtun {

inline constexpr size_t kEspHeaderOctets = 8;
inline constexpr size_t kMaxIvOctets = 16;
inline constexpr size_t kMaxIcvOctets = 32;

// What a transform pair needs; lives as long as the process.
struct EspAlgorithm {
  EVP_CIPHER* cipher = nullptr;
  // Null for AEAD.
  EVP_MAC* mac = nullptr;
  const char* digest = nullptr;
  size_t key_octets = 0;
  // Octets of KEYMAT behind the key (RFC 4106 §8.1).
  size_t salt_octets = 0;
  size_t mac_key_octets = 0;
  size_t iv_octets = 0;
  size_t block_octets = 0;
  size_t icv_octets = 0;

  bool aead() const { return mac == nullptr; }
  // RFC 4303 §2.4: payload, padding and trailer end on a block.
  size_t PaddingOctets(size_t payload) const {
    size_t over = (payload + 2) & (block_octets - 1);
    return over == 0 ? 0 : block_octets - over;
  }
  size_t SealedOctets(size_t payload) const {
    return kEspHeaderOctets + iv_octets + payload + PaddingOctets(payload) + 2 + icv_octets;
  }
};

// By transform IDs (RFC 7296 §3.3.2) and key length in bits, 0 where the transform has none; null where there is none such.
// On one thread only.
const EspAlgorithm* FindEspAlgorithm(unsigned encr, unsigned key_bits, unsigned integ);

class EspCipher {
 public:
  EspCipher() = default;
  ~EspCipher();
  EspCipher(EspCipher&& other) noexcept;
  EspCipher(const EspCipher&) = delete;
  EspCipher& operator=(const EspCipher&) = delete;

  // `keymat` and `mac_key` as long as the algorithm wants them. False where OpenSSL refuses.
  bool Init(const EspAlgorithm& algorithm, const uint8_t* keymat, const uint8_t* mac_key, bool seal);

  // A datagram: ESP header, IV, `plaintext` octets, room for the ICV. Encrypts in place and adds the ICV.
  bool Seal(uint8_t* datagram, size_t plaintext, bool esn, uint32_t high);
  // The same the other way; false where it is not authentic. What is refused may have been overwritten.
  bool Open(uint8_t* datagram, size_t plaintext, bool esn, uint32_t high);

 private:
  bool SealAead(uint8_t* datagram, size_t plaintext, bool esn, uint32_t high);
  bool OpenAead(uint8_t* datagram, size_t plaintext, bool esn, uint32_t high);
  bool Mac(const uint8_t* datagram, size_t length, bool esn, uint32_t high, uint8_t* out);
  void Nonce(const uint8_t* datagram, uint8_t* out) const;

  const EspAlgorithm* algorithm_ = nullptr;
  EVP_CIPHER_CTX* cipher_ = nullptr;
  EVP_MAC_CTX* mac_ = nullptr;
  uint8_t salt_[4] = {};
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_ESP_CIPHER_H_
