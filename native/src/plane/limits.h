// Limits of the native data plane. Those that the TypeScript one has too have the same values, with the reasons there
// (lib/esp/limits.ts); `docs/limits.md` lists both.
#ifndef MHTUN_PLANE_LIMITS_H_
#define MHTUN_PLANE_LIMITS_H_

#include <cstddef>
#include <cstdint>

namespace mhtun {

inline constexpr uint64_t kMaxSequence32 = 0xffffffff;
inline constexpr uint64_t kMaxSequence64 = (uint64_t{1} << 53) - 1;
inline constexpr uint64_t kSoftSequence32 = 0xe0000000;
inline constexpr uint32_t kMinReplayWindowPackets = 32;
inline constexpr uint32_t kMaxReplayWindowPackets = 1 << 20;

inline constexpr size_t kMaxChildSas = 65536;
inline constexpr size_t kMaxPolicies = 65536;
inline constexpr size_t kMaxHeldPacketsPerPolicy = 64;
inline constexpr size_t kMaxHeldOctets = 1 << 20;
inline constexpr double kHeldPacketMs = 10000;

inline constexpr size_t kMaxFragmentFlows = 128;
inline constexpr double kFragmentFlowMs = 30000;
inline constexpr size_t kMaxHeldFragments = 32;
inline constexpr size_t kMaxHeldFragmentOctets = 64 * 1024;
inline constexpr double kHeldFragmentMs = 2000;

inline constexpr size_t kMaxEarlyPackets = 64;
inline constexpr size_t kMaxEarlyOctets = 128 * 1024;
inline constexpr double kEarlyPacketMs = 100;

inline constexpr double kIcmpBurst = 50;
inline constexpr double kIcmpPerSecond = 100;

inline constexpr size_t kMaxActivityPaths = 8;
inline constexpr double kActivityIntervalMs = 100;
inline constexpr double kOutboundActivityIntervalMs = 100;
inline constexpr double kInboundPathIntervalMs = 50;
inline constexpr double kNewSourceIntervalMs = 50;
inline constexpr double kAcquireIntervalMs = 1000;
inline constexpr double kUnknownSpiIntervalMs = 100;
inline constexpr double kSocketErrorIntervalMs = 1000;
inline constexpr size_t kMaxSocketsPaced = 256;

inline constexpr int kEsnResyncFailures = 1024;
inline constexpr int kEsnResyncTries = 4;
inline constexpr double kEsnResyncIntervalMs = 1000;

inline constexpr uint32_t kDefaultMtuOctets = 65535;
inline constexpr int kMaxIpv6ExtensionHeaders = 8;

// Flows whose SA is remembered; a power of two.
inline constexpr size_t kCachedFlows = 1024;
// SAs and policies up to which each packet walks them.
inline constexpr size_t kShortWalk = 8;

// Octets of events that wait for JavaScript, IKE messages above all: some thousand of usual size.
inline constexpr size_t kMaxEventOctets = 1 << 20;

// What one UDP datagram can carry, and an IP packet.
inline constexpr size_t kMaxDatagramOctets = 65507;
inline constexpr size_t kMaxInnerOctets = 65535;

// More workers gain nothing that has been measured, and each holds areas of its own.
inline constexpr unsigned kMaxWorkers = 4;

}  // namespace mhtun

#endif  // MHTUN_PLANE_LIMITS_H_
