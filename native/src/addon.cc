// What the addon offers: file descriptors and system calls, nothing that decides.
#include <napi.h>

#include <string>

#include "arena.h"
#include "netlink_socket.h"
#include "outgoing.h"
#include "plane/data_plane.h"
#include "plane/plane_rig.h"
#include "privileges.h"
#include "service.h"
#include "tun_device.h"
#include "udp_socket.h"

namespace {

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  // How memory is shared: JavaScript of another version must not take this addon for its own.
  std::string layout = std::to_string(mhtun::kBatchPackets) + " " + std::to_string(mhtun::kReceivedWords) + " " +
                       std::to_string(mhtun::kSendWords) + " " + std::to_string(mhtun::kPeerOctets);
  exports.Set("layout", Napi::String::New(env, layout));
  exports.Set("TunDevice", mhtun::TunDevice::Define(env));
  exports.Set("UdpSocket", mhtun::UdpSocket::Define(env));
  exports.Set("DataPlane", mhtun::DataPlane::Define(env));
  exports.Set("PlaneRig", mhtun::PlaneRig::Define(env));
  exports.Set("NetlinkSocket", mhtun::NetlinkSocket::Define(env));
  exports.Set("reexec", Napi::Function::New(env, mhtun::Reexec, "reexec"));
  exports.Set("hardenProcess", Napi::Function::New(env, mhtun::HardenProcess, "hardenProcess"));
  exports.Set("notify", Napi::Function::New(env, mhtun::Notify, "notify"));
  exports.Set("memoryFile", Napi::Function::New(env, mhtun::MemoryFile, "memoryFile"));
  exports.Set("listenUnix", Napi::Function::New(env, mhtun::ListenUnix, "listenUnix"));
  return exports;
}

}  // namespace

NODE_API_MODULE(mhtun, Init)
