#include "esp_cipher.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include <cstring>
#include <map>
#include <tuple>
#include <utility>

#include "../offload/inner_headers.h"

namespace mhtun {
namespace {

// Transform IDs (RFC 7296 §3.3.2).
constexpr unsigned kEncrAesCbc = 12;
constexpr unsigned kEncrAesGcm16 = 20;
constexpr unsigned kEncrChaCha20Poly1305 = 28;
constexpr unsigned kIntegSha256 = 12;
constexpr unsigned kIntegSha384 = 13;
constexpr unsigned kIntegSha512 = 14;

constexpr size_t kSaltOctets = 4;
constexpr size_t kAeadIvOctets = 8;
constexpr size_t kNonceOctets = kSaltOctets + kAeadIvOctets;
constexpr size_t kAeadIcvOctets = 16;
constexpr size_t kAesBlockOctets = 16;

// What OpenSSL leaves in the thread's queue would be found by Node's own calls.
bool Refused() {
  ERR_clear_error();
  return false;
}

const char* CipherName(unsigned encr, unsigned key_bits) {
  switch (encr) {
    case kEncrAesGcm16:
      return key_bits == 128 ? "AES-128-GCM" : key_bits == 192 ? "AES-192-GCM" : key_bits == 256 ? "AES-256-GCM" : nullptr;
    case kEncrAesCbc:
      return key_bits == 128 ? "AES-128-CBC" : key_bits == 192 ? "AES-192-CBC" : key_bits == 256 ? "AES-256-CBC" : nullptr;
    case kEncrChaCha20Poly1305:
      return key_bits == 0 ? "ChaCha20-Poly1305" : nullptr;
    default:
      return nullptr;
  }
}

// RFC 4868 §2.6: the ICV is half of the hash, the key as long as it.
bool SetDigest(unsigned integ, EspAlgorithm* out) {
  switch (integ) {
    case kIntegSha256:
      out->digest = "SHA256";
      out->mac_key_octets = 32;
      break;
    case kIntegSha384:
      out->digest = "SHA384";
      out->mac_key_octets = 48;
      break;
    case kIntegSha512:
      out->digest = "SHA512";
      out->mac_key_octets = 64;
      break;
    default:
      return false;
  }
  out->icv_octets = out->mac_key_octets / 2;
  out->mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  return out->mac != nullptr;
}

bool Fetch(unsigned encr, unsigned key_bits, unsigned integ, EspAlgorithm* out) {
  const char* name = CipherName(encr, key_bits);
  if (name == nullptr || (encr == kEncrAesCbc) != (integ != 0)) return false;
  out->key_octets = encr == kEncrChaCha20Poly1305 ? 32 : key_bits / 8;
  if (encr == kEncrAesCbc) {
    out->iv_octets = kAesBlockOctets;
    out->block_octets = kAesBlockOctets;
    if (!SetDigest(integ, out)) return false;
  } else {
    out->salt_octets = kSaltOctets;
    out->iv_octets = kAeadIvOctets;
    // A stream needs no alignment of its own, ESP wants 4 octets (RFC 4303 §2.4).
    out->block_octets = 4;
    out->icv_octets = kAeadIcvOctets;
  }
  out->cipher = EVP_CIPHER_fetch(nullptr, name, nullptr);
  return out->cipher != nullptr;
}

// What AEAD authenticates besides: SPI and sequence number, the high half of an extended one in between (RFC 4106 §5).
size_t Associated(const uint8_t* datagram, bool esn, uint32_t high, uint8_t* out) {
  std::memcpy(out, datagram, 4);
  if (!esn) {
    std::memcpy(out + 4, datagram + 4, 4);
    return 8;
  }
  Store32(out + 4, high);
  std::memcpy(out + 8, datagram + 4, 4);
  return 12;
}

}  // namespace

const EspAlgorithm* FindEspAlgorithm(unsigned encr, unsigned key_bits, unsigned integ) {
  static auto* known = new std::map<std::tuple<unsigned, unsigned, unsigned>, EspAlgorithm>();
  auto key = std::make_tuple(encr, key_bits, integ);
  if (auto found = known->find(key); found != known->end()) return &found->second;
  EspAlgorithm algorithm;
  if (!Fetch(encr, key_bits, integ, &algorithm)) {
    Refused();
    return nullptr;
  }
  return &known->emplace(key, algorithm).first->second;
}

EspCipher::~EspCipher() {
  EVP_CIPHER_CTX_free(cipher_);
  EVP_MAC_CTX_free(mac_);
  OPENSSL_cleanse(salt_, sizeof(salt_));
}

EspCipher::EspCipher(EspCipher&& other) noexcept
    : algorithm_(other.algorithm_), cipher_(std::exchange(other.cipher_, nullptr)), mac_(std::exchange(other.mac_, nullptr)) {
  std::memcpy(salt_, other.salt_, sizeof(salt_));
  OPENSSL_cleanse(other.salt_, sizeof(other.salt_));
}

bool EspCipher::Init(const EspAlgorithm& algorithm, const uint8_t* keymat, const uint8_t* mac_key, bool seal) {
  algorithm_ = &algorithm;
  cipher_ = EVP_CIPHER_CTX_new();
  if (cipher_ == nullptr || EVP_CipherInit_ex2(cipher_, algorithm.cipher, keymat, nullptr, seal ? 1 : 0, nullptr) != 1) return Refused();
  std::memcpy(salt_, keymat + algorithm.key_octets, algorithm.salt_octets);
  if (algorithm.aead()) return true;
  if (EVP_CIPHER_CTX_set_padding(cipher_, 0) != 1) return Refused();
  mac_ = EVP_MAC_CTX_new(algorithm.mac);
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(algorithm.digest), 0),
      OSSL_PARAM_construct_end(),
  };
  if (mac_ == nullptr || EVP_MAC_init(mac_, mac_key, algorithm.mac_key_octets, params) != 1) return Refused();
  return true;
}

bool EspCipher::Seal(uint8_t* datagram, size_t plaintext, bool esn, uint32_t high) {
  if (algorithm_->aead()) return SealAead(datagram, plaintext, esn, high);
  uint8_t* text = datagram + kEspHeaderOctets + algorithm_->iv_octets;
  int length = 0;
  if (EVP_EncryptInit_ex2(cipher_, nullptr, nullptr, datagram + kEspHeaderOctets, nullptr) != 1 ||
      EVP_EncryptUpdate(cipher_, text, &length, text, static_cast<int>(plaintext)) != 1) {
    return Refused();
  }
  uint8_t tag[EVP_MAX_MD_SIZE];
  if (!Mac(datagram, kEspHeaderOctets + algorithm_->iv_octets + plaintext, esn, high, tag)) return false;
  std::memcpy(text + plaintext, tag, algorithm_->icv_octets);
  return true;
}

bool EspCipher::Open(uint8_t* datagram, size_t plaintext, bool esn, uint32_t high) {
  if (algorithm_->aead()) return OpenAead(datagram, plaintext, esn, high);
  uint8_t* text = datagram + kEspHeaderOctets + algorithm_->iv_octets;
  uint8_t tag[EVP_MAX_MD_SIZE];
  // The MAC comes first: nothing unauthenticated is decrypted, so padding tells an attacker nothing.
  if (!Mac(datagram, kEspHeaderOctets + algorithm_->iv_octets + plaintext, esn, high, tag)) return false;
  if (CRYPTO_memcmp(tag, text + plaintext, algorithm_->icv_octets) != 0) return false;
  int length = 0;
  if (EVP_DecryptInit_ex2(cipher_, nullptr, nullptr, datagram + kEspHeaderOctets, nullptr) != 1 ||
      EVP_DecryptUpdate(cipher_, text, &length, text, static_cast<int>(plaintext)) != 1) {
    return Refused();
  }
  return true;
}

void EspCipher::Nonce(const uint8_t* datagram, uint8_t* out) const {
  std::memcpy(out, salt_, kSaltOctets);
  std::memcpy(out + kSaltOctets, datagram + kEspHeaderOctets, kAeadIvOctets);
}

bool EspCipher::SealAead(uint8_t* datagram, size_t plaintext, bool esn, uint32_t high) {
  uint8_t nonce[kNonceOctets];
  uint8_t associated[12];
  Nonce(datagram, nonce);
  auto associated_octets = static_cast<int>(Associated(datagram, esn, high, associated));
  uint8_t* text = datagram + kEspHeaderOctets + kAeadIvOctets;
  OSSL_PARAM tag[] = {
      OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, text + plaintext, kAeadIcvOctets),
      OSSL_PARAM_construct_end(),
  };
  int length = 0;
  if (EVP_EncryptInit_ex2(cipher_, nullptr, nullptr, nonce, nullptr) != 1 ||
      EVP_EncryptUpdate(cipher_, nullptr, &length, associated, associated_octets) != 1 ||
      EVP_EncryptUpdate(cipher_, text, &length, text, static_cast<int>(plaintext)) != 1 ||
      EVP_EncryptFinal_ex(cipher_, text + plaintext, &length) != 1 || EVP_CIPHER_CTX_get_params(cipher_, tag) != 1) {
    return Refused();
  }
  return true;
}

bool EspCipher::OpenAead(uint8_t* datagram, size_t plaintext, bool esn, uint32_t high) {
  uint8_t nonce[kNonceOctets];
  uint8_t associated[12];
  Nonce(datagram, nonce);
  auto associated_octets = static_cast<int>(Associated(datagram, esn, high, associated));
  uint8_t* text = datagram + kEspHeaderOctets + kAeadIvOctets;
  OSSL_PARAM tag[] = {
      OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, text + plaintext, kAeadIcvOctets),
      OSSL_PARAM_construct_end(),
  };
  int length = 0;
  if (EVP_DecryptInit_ex2(cipher_, nullptr, nullptr, nonce, nullptr) != 1 || EVP_CIPHER_CTX_set_params(cipher_, tag) != 1 ||
      EVP_DecryptUpdate(cipher_, nullptr, &length, associated, associated_octets) != 1 ||
      EVP_DecryptUpdate(cipher_, text, &length, text, static_cast<int>(plaintext)) != 1 ||
      EVP_DecryptFinal_ex(cipher_, text + plaintext, &length) != 1) {
    return Refused();
  }
  return true;
}

bool EspCipher::Mac(const uint8_t* datagram, size_t length, bool esn, uint32_t high, uint8_t* out) {
  size_t octets = 0;
  uint8_t suffix[4];
  Store32(suffix, high);
  if (EVP_MAC_init(mac_, nullptr, 0, nullptr) != 1 || EVP_MAC_update(mac_, datagram, length) != 1 ||
      // RFC 4303 §2.8: the high half of an extended sequence number is authenticated, not sent.
      (esn && EVP_MAC_update(mac_, suffix, sizeof(suffix)) != 1) || EVP_MAC_final(mac_, out, &octets, EVP_MAX_MD_SIZE) != 1) {
    return Refused();
  }
  return true;
}

}  // namespace mhtun
