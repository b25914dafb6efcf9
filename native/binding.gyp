{
  "targets": [
    {
      "target_name": "mhtun",
      "sources": [
        "src/addon.cc",
        "src/datagram.cc",
        "src/netlink_socket.cc",
        "src/offload/checksum.cc",
        "src/offload/inner_headers.cc",
        "src/offload/merge.cc",
        "src/offload/split.cc",
        "src/outgoing.cc",
        "src/plane/child_sa.cc",
        "src/plane/child_table.cc",
        "src/plane/data_plane.cc",
        "src/plane/esp_cipher.cc",
        "src/plane/events.cc",
        "src/plane/fair_queue.cc",
        "src/plane/fragments.cc",
        "src/plane/icmp.cc",
        "src/plane/inbound.cc",
        "src/plane/ipv4_fragmenter.cc",
        "src/plane/outbound.cc",
        "src/plane/packet_view.cc",
        "src/plane/plane.cc",
        "src/plane/plane_commands.cc",
        "src/plane/plane_rig.cc",
        "src/plane/plane_state.cc",
        "src/plane/policies.cc",
        "src/plane/receive_worker.cc",
        "src/plane/replay_window.cc",
        "src/plane/reports.cc",
        "src/plane/rig_host.cc",
        "src/plane/selectors.cc",
        "src/plane/send_batch.cc",
        "src/plane/send_worker.cc",
        "src/plane/threaded_host.cc",
        "src/plane/worker.cc",
        "src/poller.cc",
        "src/privileges.cc",
        "src/service.cc",
        "src/tun_device.cc",
        "src/tun_open.cc",
        "src/udp_open.cc",
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
