// For a TUN device with a virtio header: packets of one batch that follow each other in their flow become one that the kernel
// takes in a single write. The rules are those of the kernel's own GRO: what is merged splits into the same packets again.
// Packets stay where they are; what is written is a list of pieces of them. Nothing is allocated but the object itself.
//
//   for (each packet received) if (!merger.Add(packet, length)) { flush; merger.Add(packet, length); }
//   flush: for (Merged out; merger.Next(&out);) writev(tun, out.parts, out.part_count);
#ifndef MHTUN_OFFLOAD_MERGE_H_
#define MHTUN_OFFLOAD_MERGE_H_

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>

#include "inner_headers.h"
#include "vnet_header.h"

namespace mhtun {

// What the kernel takes in one piece (TUNSETOFFLOAD).
struct MergeOptions {
  bool tcp4 = false;
  bool tcp6 = false;
  // TUN_F_USO4 and TUN_F_USO6, which come together.
  bool udp = false;
};

// As many as the kernel merges at most; of usual size they fill 64 KiB.
inline constexpr size_t kMaxMergedSegments = 64;
// Packets of one batch. A hundred would do for one flow; interleaved flows need more to become long.
inline constexpr size_t kMaxMergeBatch = 1024;

// One write to the TUN device.
struct Merged {
  VnetHeader header;
  // parts[0] is the header; then come the first packet and the payload of each that was merged with it.
  iovec parts[kMaxMergedSegments + 1];
  int part_count = 0;
  // How many packets it is, and octets without the header.
  size_t packets = 0;
  size_t octets = 0;
};

class Merger {
 public:
  explicit Merger(MergeOptions options);

  // False: the batch is full, or is being read out; take it with Next() first. The packet stays untouched by others until
  // Next() has given it back; its header may be changed. Any octets are taken: what is no TCP or UDP passes as it is.
  bool Add(uint8_t* packet, size_t length);

  // The next write, in the order in which their first packets came; false, and ready for a new batch, after the last.
  // `out` points into itself: it may not be copied, and is good until the next call.
  bool Next(Merged* out);

 private:
  // One packet of the batch.
  struct Piece {
    uint8_t* data;
    size_t length;
    // Index of the next packet merged with the same first one.
    uint16_t next;
  };
  // What is being put together.
  struct Group {
    InnerHeaders headers;
    size_t octets;
    size_t segment_payload;
    uint32_t next_sequence;
    uint16_t first;
    uint16_t last;
    uint16_t segments;
    // IPv4: the identification of the next packet, and how it differs from one to the next: by 1, or by 0 where the sender
    // does without (RFC 6864 §4.1).
    uint16_t next_id;
    uint16_t id_step;
    // FIN and PSH, if the last packet had them.
    uint8_t end_flags;
    // The first packet's checksums are right: looked at only when there is another to merge with it.
    bool verified;
    // Another may be added.
    bool open;
  };

  bool Wants(const InnerHeaders& headers) const;
  uint16_t* FlowOf(const uint8_t* packet, const InnerHeaders& headers);
  bool Append(Group* group, const uint8_t* packet, size_t length, const InnerHeaders& headers);
  void Start(const uint8_t* packet, size_t length, const InnerHeaders& headers, bool open);
  bool Follows(const Group& group, const uint8_t* packet, size_t length, const InnerHeaders& headers) const;
  void Complete(const Group& group, VnetHeader* header) const;

  static constexpr uint16_t kNone = 0xffff;
  static constexpr size_t kFlowSlots = 256;
  static constexpr size_t kFlowProbes = 4;

  MergeOptions options_;
  size_t piece_count_ = 0;
  size_t group_count_ = 0;
  // Groups that Next() has given.
  size_t given_ = 0;
  Piece pieces_[kMaxMergeBatch];
  Group groups_[kMaxMergeBatch];
  // Index of the newest group of a flow.
  uint16_t flows_[kFlowSlots];
};

}  // namespace mhtun

#endif  // MHTUN_OFFLOAD_MERGE_H_
