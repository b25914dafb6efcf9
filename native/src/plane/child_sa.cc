#include "child_sa.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "../offload/inner_headers.h"

namespace mhtun {

Lifetime ReadLifetime(ByteReader* from) {
  Lifetime out;
  for (double* limit : {&out.soft_octets, &out.hard_octets, &out.soft_packets, &out.hard_packets, &out.hard_at}) {
    double value = from->F64();
    *limit = std::isnan(value) ? kNever : value;
  }
  return out;
}

bool Traffic::CountWithin(const Lifetime& lifetime, uint64_t more_octets) {
  uint64_t before_packets = packets.fetch_add(1, std::memory_order_relaxed);
  uint64_t before_octets = octets.fetch_add(more_octets, std::memory_order_relaxed);
  if (static_cast<double>(before_packets) < lifetime.hard_packets &&
      static_cast<double>(before_octets + more_octets) <= lifetime.hard_octets) {
    return true;
  }
  packets.fetch_sub(1, std::memory_order_relaxed);
  octets.fetch_sub(more_octets, std::memory_order_relaxed);
  return false;
}

bool Traffic::SoftReached(const Lifetime& lifetime) const {
  return static_cast<double>(octets.load(std::memory_order_relaxed)) >= lifetime.soft_octets ||
         static_cast<double>(packets.load(std::memory_order_relaxed)) >= lifetime.soft_packets;
}

InboundSa::InboundSa(uint32_t spi, const Lifetime& lifetime, uint32_t replay_window, bool esn, SelectorSet selectors)
    : spi(spi),
      lifetime(lifetime),
      counts(lifetime.counts()),
      selectors(std::move(selectors)),
      esn_(esn),
      window_(replay_window, esn) {}

bool InboundSa::SetKeys(const Keying& keying, size_t workers) {
  algorithm_ = keying.algorithm;
  ciphers_.resize(workers);
  return std::all_of(ciphers_.begin(), ciphers_.end(), [&](EspCipher& cipher) {
    return cipher.Init(*algorithm_, keying.keymat, keying.mac_key, false);
  });
}

InboundSa::Opened InboundSa::Open(size_t worker, double now, uint8_t* datagram, size_t length, Payload* out) {
  size_t around = kEspHeaderOctets + algorithm_->iv_octets + algorithm_->icv_octets;
  if (length < around + algorithm_->block_octets) return Opened::kMalformed;
  size_t plaintext = length - around;
  if ((plaintext & (algorithm_->block_octets - 1)) != 0) return Opened::kMalformed;
  uint64_t sequence = window_.Infer(Load32(datagram + 4));
  if (!window_.Check(sequence)) return Opened::kReplayed;
  // A try overwrites what it works on, so that there must be a copy for others.
  std::vector<uint8_t> copy;
  if (esn_ && failures_ + 1 >= kEsnResyncFailures) copy.assign(datagram, datagram + length);
  if (ciphers_[worker].Open(datagram, plaintext, esn_, static_cast<uint32_t>(sequence >> 32))) {
    return Accept(sequence, datagram, plaintext, out);
  }
  if (!esn_) return Opened::kAuthFailed;
  return Resynchronise(worker, now, sequence, datagram, copy, plaintext, out);
}

InboundSa::Opened InboundSa::Accept(uint64_t sequence, uint8_t* datagram, size_t plaintext, Payload* out) {
  failures_ = 0;
  out->advanced = window_.Update(sequence);
  out->data = datagram + kEspHeaderOctets + algorithm_->iv_octets;
  uint8_t padding = out->data[plaintext - 2];
  if (plaintext < 2u + padding) return Opened::kBadPadding;
  out->length = plaintext - 2 - padding;
  // RFC 4303 §2.4: 1, 2, 3…
  for (unsigned i = 0; i < padding; i++) {
    if (out->data[out->length + i] != i + 1) return Opened::kBadPadding;
  }
  out->next_header = out->data[plaintext - 1];
  return Opened::kOk;
}

// After a loss of 2^32 packets the inferred high half is too low for ever: try the next ones (RFC 4303 App. A3).
InboundSa::Opened InboundSa::Resynchronise(size_t worker, double now, uint64_t sequence, uint8_t* datagram,
                                           const std::vector<uint8_t>& copy, size_t plaintext, Payload* out) {
  failures_ = std::min(failures_ + 1, kEsnResyncFailures);
  if (failures_ < kEsnResyncFailures || copy.empty() || !resync_pacer_.Allows(now)) return Opened::kAuthFailed;
  for (int ahead = 1; ahead <= kEsnResyncTries; ahead++) {
    uint64_t candidate = sequence + (static_cast<uint64_t>(ahead) << 32);
    if (candidate > kMaxSequence64) break;
    std::memcpy(datagram, copy.data(), copy.size());
    if (ciphers_[worker].Open(datagram, plaintext, true, static_cast<uint32_t>(candidate >> 32))) {
      return Accept(candidate, datagram, plaintext, out);
    }
  }
  return Opened::kAuthFailed;
}

FragmentTracker& InboundSa::NeedFragments() {
  if (owned_fragments_ == nullptr) {
    owned_fragments_ = std::make_unique<FragmentTracker>();
    fragments_.store(owned_fragments_.get(), std::memory_order_release);
  }
  return *owned_fragments_;
}

OutboundSa::OutboundSa(uint32_t spi, const Lifetime& lifetime, bool esn, SelectorSet selectors, uint64_t last_sequence)
    : spi(spi), lifetime(lifetime), counts(lifetime.counts()), selectors(std::move(selectors)), esn_(esn), sequence_(last_sequence) {}

bool OutboundSa::SetKeys(const Keying& keying, size_t workers) {
  algorithm_ = keying.algorithm;
  workers_.resize(workers);
  return std::all_of(workers_.begin(), workers_.end(), [&](PerWorker& worker) {
    return worker.cipher.Init(*algorithm_, keying.keymat, keying.mac_key, true);
  });
}

uint64_t OutboundSa::TakeSequence(uint64_t count) {
  uint64_t before = sequence_.fetch_add(count, std::memory_order_relaxed);
  if (before + count <= (esn_ ? kMaxSequence64 : kMaxSequence32)) return before + 1;
  sequence_.fetch_sub(count, std::memory_order_relaxed);
  return 0;
}

bool OutboundSa::Seal(size_t worker, uint64_t sequence, uint8_t next_header, uint8_t* datagram, size_t payload) {
  PerWorker& mine = workers_[worker];
  Store32(datagram, spi);
  Store32(datagram + 4, static_cast<uint32_t>(sequence));
  if (!NextIv(&mine, sequence, datagram + kEspHeaderOctets)) return false;
  size_t padding = algorithm_->PaddingOctets(payload);
  uint8_t* trailer = datagram + PayloadAt() + payload;
  for (size_t i = 0; i < padding; i++) trailer[i] = static_cast<uint8_t>(i + 1);
  trailer[padding] = static_cast<uint8_t>(padding);
  trailer[padding + 1] = next_header;
  return mine.cipher.Seal(datagram, payload + padding + 2, esn_, static_cast<uint32_t>(sequence >> 32));
}

// A counter for AEAD, whose IV must never come twice with a key (RFC 4106 §3.1); unpredictable for CBC (RFC 3602 §3).
bool OutboundSa::NextIv(PerWorker* worker, uint64_t sequence, uint8_t* out) {
  if (algorithm_->aead()) {
    Store32(out, static_cast<uint32_t>(sequence >> 32));
    Store32(out + 4, static_cast<uint32_t>(sequence));
    return true;
  }
  size_t octets = algorithm_->iv_octets;
  if (worker->iv_at >= worker->ivs.size()) {
    worker->ivs.resize(octets * kIvsAtATime);
    worker->iv_at = 0;
    if (RAND_bytes(worker->ivs.data(), static_cast<int>(worker->ivs.size())) != 1) {
      worker->ivs.clear();
      ERR_clear_error();
      return false;
    }
  }
  std::memcpy(out, worker->ivs.data() + worker->iv_at, octets);
  worker->iv_at += octets;
  return true;
}

double Child::NextDue() const { return std::min({activity.NextDue(), new_source.NextDue(), watch.NextDue()}); }

bool Child::TakeSoft() {
  const InboundSa* receiving = inbound.load(std::memory_order_acquire);
  const OutboundSa* sending = outbound.load(std::memory_order_acquire);
  bool reached = (receiving != nullptr && in.SoftReached(receiving->lifetime)) ||
                 (sending != nullptr && (out.SoftReached(sending->lifetime) || sending->SequenceRunsLow()));
  return reached && !soft_reported.exchange(true, std::memory_order_relaxed);
}

}  // namespace mhtun
