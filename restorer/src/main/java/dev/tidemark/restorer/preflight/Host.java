// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer.preflight;

import dev.tidemark.restorer.launch.Need;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// Looks whether this host has what a command line needs.
final class Host {
  private Host() {}

  /// Why a need is not met; empty if it is.
  static Optional<String> unmet(Need need, Path workingDirectory) {
    return switch (need) {
      case Need.ExistingFile(String option, String path) ->
          Files.exists(workingDirectory.resolve(path))
              ? Optional.empty()
              : Optional.of(option + ": no such file: " + workingDirectory.resolve(path));
      case Need.FreePort port -> busy(port);
    };
  }

  private static Optional<String> busy(Need.FreePort need) {
    InetAddress address;
    try {
      address = need.host().isEmpty() ? new InetSocketAddress(0).getAddress() : host(need.host());
    } catch (UnknownHostException _) {
      return Optional.empty();
    }
    InetSocketAddress port = new InetSocketAddress(address, need.port());
    try {
      bind(port, need.udp());
      return Optional.empty();
    } catch (IOException e) {
      String kind = need.udp() ? "UDP" : "TCP";
      return Optional.of(
          need.option() + ": " + kind + " port " + need.port() + " is not free: " + e.getMessage());
    }
  }

  private static InetAddress host(String name) throws UnknownHostException {
    return InetAddress.getByName(name.replace("[", "").replace("]", ""));
  }

  private static void bind(InetSocketAddress port, boolean udp) throws IOException {
    if (udp) {
      new DatagramSocket(port).close();
      return;
    }
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(port);
    }
  }
}
