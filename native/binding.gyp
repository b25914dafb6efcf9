{
  "targets": [
    {
      "target_name": "mhtun",
      "sources": [
        "src/addon.cc",
        "src/datagram.cc",
        "src/netlink_socket.cc",
        "src/outgoing.cc",
        "src/poller.cc",
        "src/privileges.cc",
        "src/service.cc",
        "src/tun_device.cc",
        "src/udp_socket.cc"
      ],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": [
        "NAPI_VERSION=8",
        "NAPI_DISABLE_CPP_EXCEPTIONS",
        "NODE_ADDON_API_DISABLE_DEPRECATED"
      ],
      "cflags": ["-O2", "-Wall", "-Wextra", "-fstack-protector-strong"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++1y"],
      "cflags_cc": ["-std=c++20", "-fno-exceptions"]
    }
  ]
}
