/** Every limit of the TypeScript data plane, with the reason for its value; `docs/limits.md` lists them. */

/** Largest sequence number on the wire without ESN: the counter must not wrap (RFC 4303 §3.3.3). */
export const maxSequence32: number = 0xffff_ffff;
/** Largest 64-bit sequence number used: what a Number holds exactly. At ten million packets a second it lasts 28 years. */
export const maxSequence64: number = Number.MAX_SAFE_INTEGER;
/** Without ESN a rekey is asked for at this sequence number: at 100,000 packets a second it leaves over an hour. */
export const softSequence32: number = 0xe000_0000;

/** The interface promises at least so many packets of replay window (RFC 4303 §3.4.3: 32 is the minimum). */
export const minReplayWindowPackets: number = 32;
/** 128 KiB of bitmap an SA; more than any reordering seen on paths of a second's delay at line rate. */
export const maxReplayWindowPackets: number = 1 << 20;

/** Child SAs known at once: far above what one JavaScript thread can serve, below what memory holds. */
export const maxChildSas: number = 65_536;
/** Policies at once, for the same reason. */
export const maxPolicies: number = 65_536;

/** Packets held for one policy while its SA is set up: a TCP handshake or a burst of datagrams, not a stream. */
export const maxHeldPacketsPerPolicy: number = 64;
/** Octets held for all policies together. */
export const maxHeldBytes: number = 1 << 20;
/** Held packets older than this are answered with ICMP unreachable: longer than two IKE retransmissions. */
export const heldPacketMs: number = 10_000;

/** Packets kept that came before their SA: a burst of one peer's first, not a stream. */
export const maxEarlyPackets: number = 64;
/** Octets of these: as many full packets. */
export const maxEarlyBytes: number = 128 * 1024;
/** An answer of IKE is that close behind: the slowest key exchange in a thread of its own, and the reordering of one path. */
export const earlyPacketMs: number = 100;

/** Fragmented packets whose first fragment is remembered at once, for one SA inbound or for the TUN device outbound. */
export const maxFragmentFlows: number = 128;
/** How long a first fragment's ports serve its followers: the reassembly time of Linux (RFC 791 §3.2 leaves it open). */
export const fragmentFlowMs: number = 30_000;
/** Fragments held until their first one comes, for one SA inbound or for the TUN device outbound. */
export const maxHeldFragments: number = 32;
/** Octets of these. */
export const maxHeldFragmentBytes: number = 64 * 1024;
/** Reordering beyond this is not waited for. */
export const heldFragmentMs: number = 2_000;

/** ICMP answers: a burst of so many, then so many a second (RFC 1812 §4.3.2.8, RFC 4443 §2.4 (f)). */
export const icmpBurst: number = 50;
export const icmpPerSecond: number = 100;

/** Sources an inbound SA reports activity of; beyond it the oldest is forgotten. */
export const maxActivityPaths: number = 8;
/** At most ten `inbound-activity` a second a Child SA and path. */
export const activityIntervalMs: number = 100;
/** At most ten `outbound-activity` a second a Child SA. */
export const outboundActivityIntervalMs: number = 100;
/** At most twenty `inbound-path` a second a Child SA: a peer that moves is followed at once, one that flaps costs little. */
export const inboundPathIntervalMs: number = 50;
/** At most four `new-source` a second a Child SA: a NAT that binds anew twice in a row is followed all the same. */
export const newSourceIntervalMs: number = 50;
/** At most one `acquire` a second a policy. */
export const acquireIntervalMs: number = 1_000;
/** At most ten `unknown-spi` a second in all. */
export const unknownSpiIntervalMs: number = 100;
/** At most one `socket-error` a second a socket. */
export const socketErrorIntervalMs: number = 1_000;
/** Sockets whose last error is remembered; beyond it the oldest is forgotten. */
export const maxSocketsPaced: number = 256;

/** Consecutive authentication failures after which a lost high half of an ESN is searched for (RFC 4303 App. A3.1). */
export const esnResyncFailures: number = 1_024;
/** High halves tried for one packet (RFC 4303 App. A3.2). */
export const esnResyncTries: number = 4;
/** One packet a second is tried, so that forgeries cost next to nothing. */
export const esnResyncIntervalMs: number = 1_000;

/** Largest inner packet until `set-mtu` says otherwise. */
export const defaultMtuBytes: number = 65_535;
