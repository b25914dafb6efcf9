// What the plane does to the outside, so that tests can stand there instead of the kernel.
#ifndef MHTUN_PLANE_PLANE_IO_H_
#define MHTUN_PLANE_PLANE_IO_H_

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstddef>

#include "sockets.h"

namespace mhtun {

class PlaneIo {
 public:
  virtual ~PlaneIo() = default;
  // As sendmmsg(2), without waiting: how many messages left, or an errno, negated.
  virtual int Send(Socket* socket, mmsghdr* messages, unsigned count) = 0;
  // One that is not to be fragmented, here or on the way.
  virtual int SendWhole(Socket* socket, mmsghdr* message) = 0;
  // One packet with its virtio header in the first part. False where the kernel does not take it.
  virtual bool WriteTun(size_t worker, const iovec* parts, int count) = 0;
  // To be told once when a socket that was full has room again.
  virtual void AwaitRoom(size_t worker, Socket* socket) = 0;
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_PLANE_IO_H_
