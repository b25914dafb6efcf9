// A Child SA as both directions use it. The control thread makes and retires its halves; workers read them, and count. What a
// worker changes besides counters lies behind the mutex of the half, or of the reports.
#ifndef MHTUN_PLANE_CHILD_SA_H_
#define MHTUN_PLANE_CHILD_SA_H_

#include <atomic>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "esp_cipher.h"
#include "fragments.h"
#include "limits.h"
#include "pacing.h"
#include "replay_window.h"
#include "reports.h"
#include "selectors.h"
#include "sockets.h"

namespace mhtun {

// Limits of one direction (RFC 4301 §4.4.2.1); infinite: none. Octets are those of inner packets.
struct Lifetime {
  double soft_octets = kNever;
  double hard_octets = kNever;
  double soft_packets = kNever;
  double hard_packets = kNever;
  double hard_at = kNever;

  bool counts() const { return soft_octets != kNever || hard_octets != kNever || soft_packets != kNever || hard_packets != kNever; }
};

Lifetime ReadLifetime(ByteReader* from);

// What one direction has carried.
struct alignas(64) Traffic {
  std::atomic<uint64_t> packets{0};
  std::atomic<uint64_t> octets{0};
  // When; NaN: never.
  std::atomic<double> last{std::numeric_limits<double>::quiet_NaN()};

  void Count(uint64_t more_packets, uint64_t more_octets) {
    packets.fetch_add(more_packets, std::memory_order_relaxed);
    octets.fetch_add(more_octets, std::memory_order_relaxed);
  }
  // Counts one packet if it is within the hard limits.
  bool CountWithin(const Lifetime& lifetime, uint64_t more_octets);
  bool SoftReached(const Lifetime& lifetime) const;
};

// Keys of one direction as a command has them.
struct Keying {
  const EspAlgorithm* algorithm = nullptr;
  const uint8_t* keymat = nullptr;
  const uint8_t* mac_key = nullptr;
  bool esn = false;
};

class InboundSa {
 public:
  enum class Opened : uint8_t { kOk, kMalformed, kReplayed, kAuthFailed, kBadPadding };
  struct Payload {
    uint8_t* data = nullptr;
    size_t length = 0;
    uint8_t next_header = 0;
    bool advanced = false;
  };

  InboundSa(uint32_t spi, const Lifetime& lifetime, uint32_t replay_window, bool esn, SelectorSet selectors);
  // One context for each worker. False where OpenSSL refuses.
  bool SetKeys(const Keying& keying, size_t workers);

  // Opens a datagram in place (RFC 4303 §3.4). The caller holds `mutex`. Only an authenticated packet changes the window.
  Opened Open(size_t worker, double now, uint8_t* datagram, size_t length, Payload* out);
  // Made when the first fragment comes: most SAs never see one. The caller holds `mutex`.
  FragmentTracker& NeedFragments();
  FragmentTracker* fragments() const { return fragments_.load(std::memory_order_acquire); }

  const uint32_t spi;
  const Lifetime lifetime;
  const bool counts;
  const SelectorSet selectors;
  std::mutex mutex;

 private:
  Opened Accept(uint64_t sequence, uint8_t* datagram, size_t plaintext, Payload* out);
  Opened Resynchronise(size_t worker, double now, uint64_t sequence, uint8_t* datagram, const std::vector<uint8_t>& copy,
                       size_t plaintext, Payload* out);

  const bool esn_;
  const EspAlgorithm* algorithm_ = nullptr;
  std::vector<EspCipher> ciphers_;
  ReplayWindow window_;
  int failures_ = 0;
  Pacer resync_pacer_{kEsnResyncIntervalMs};
  std::unique_ptr<FragmentTracker> owned_fragments_;
  std::atomic<FragmentTracker*> fragments_{nullptr};
};

class OutboundSa {
 public:
  OutboundSa(uint32_t spi, const Lifetime& lifetime, bool esn, SelectorSet selectors, uint64_t last_sequence);
  bool SetKeys(const Keying& keying, size_t workers);

  // So many numbers for one worker, from the result on; 0: they have run out (RFC 4303 §3.3.3).
  uint64_t TakeSequence(uint64_t count);
  bool SequenceRunsLow() const { return !esn_ && sequence_.load(std::memory_order_relaxed) >= kSoftSequence32; }
  // Octets of the datagram for a payload of so many.
  size_t SealedOctets(size_t payload) const { return algorithm_->SealedOctets(payload); }
  // Where the payload goes in the datagram.
  size_t PayloadAt() const { return kEspHeaderOctets + algorithm_->iv_octets; }
  // Adds all but the payload, which lies in its place, and encrypts; false where OpenSSL refuses.
  bool Seal(size_t worker, uint64_t sequence, uint8_t next_header, uint8_t* datagram, size_t payload);

  const uint32_t spi;
  const Lifetime lifetime;
  const bool counts;
  const SelectorSet selectors;
  // The policy it is for, by name; empty: none. Then its own priority counts.
  std::string policy;
  double own_priority = 0;
  bool copy_dscp = false;
  std::atomic<const Route*> route{nullptr};
  std::atomic<bool> report_new_source{false};

 private:
  // Random IVs fetched at a time, since a call for sixteen octets costs as much as one for a thousand.
  static constexpr size_t kIvsAtATime = 64;
  struct PerWorker {
    EspCipher cipher;
    std::vector<uint8_t> ivs;
    size_t iv_at = 0;
  };

  bool NextIv(PerWorker* worker, uint64_t sequence, uint8_t* out);

  const bool esn_;
  const EspAlgorithm* algorithm_ = nullptr;
  std::vector<PerWorker> workers_;
  // Of the packet sealed last; the first one is 1.
  alignas(64) std::atomic<uint64_t> sequence_;
};

struct Child {
  explicit Child(double id) : id(id) {}

  // When something of its reports is due. The caller holds `reports_mutex`.
  double NextDue() const;
  // True once: a rekey is due.
  bool TakeSoft();

  const double id;
  std::atomic<InboundSa*> inbound{nullptr};
  std::atomic<OutboundSa*> outbound{nullptr};
  // A hard limit was hit: nothing passes, keys go.
  std::atomic<bool> expired{false};
  std::atomic<bool> soft_reported{false};
  std::atomic<bool> watched{false};
  Traffic in;
  Traffic out;
  std::atomic<uint64_t> replay_dropped{0};
  std::atomic<uint64_t> auth_failed{0};

  std::mutex reports_mutex;
  ActivityReports activity;
  NewSourceReports new_source;
  Watch watch;

  // The control thread's own: halves not yet removed by command, though they may have lost their keys.
  bool has_inbound = false;
  bool has_outbound = false;
  bool keys_gone = false;
  uint32_t spi_in = 0;
  // Among senders of one priority: which was installed later.
  uint64_t installed_as = 0;
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_CHILD_SA_H_
