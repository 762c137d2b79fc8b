// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Where a QMP monitor listens, or, for a [QmpListener], where it is to connect to.
///
/// `toString` gives the form that [#parse] reads.
public sealed interface QmpAddress {

  /// A Unix socket.
  ///
  /// @param path its path; the kernel takes at most 107 bytes
  record Unix(Path path) implements QmpAddress {
    @Override
    public String toString() {
      return "unix:" + path;
    }
  }

  /// A TCP port.
  ///
  /// @param host name or address
  /// @param port 1 to 65535
  record Tcp(String host, int port) implements QmpAddress {
    /// Checks host and port.
    public Tcp {
      if (host.isEmpty() || port < 1 || port > 65535) {
        throw new IllegalArgumentException("not a TCP address: " + host + ":" + port);
      }
    }

    @Override
    public String toString() {
      return "tcp:" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
  }

  /// A socket that this process has already, connected to a monitor.
  ///
  /// The client works on a copy and leaves the caller's descriptor open, but makes it non-blocking,
  /// which holds for all copies.
  ///
  /// @param descriptor its number, from 0
  record Descriptor(int descriptor) implements QmpAddress {
    /// Checks that the number is not negative.
    public Descriptor {
      if (descriptor < 0) {
        throw new IllegalArgumentException("not a descriptor: " + descriptor);
      }
    }

    @Override
    public String toString() {
      return "fd:" + descriptor;
    }
  }

  /// The address of a Unix socket.
  static QmpAddress unix(Path path) {
    return new Unix(path);
  }

  /// The address of a TCP port.
  static QmpAddress tcp(String host, int port) {
    return new Tcp(host, port);
  }

  /// A socket that this process has already.
  static QmpAddress descriptor(int descriptor) {
    return new Descriptor(descriptor);
  }

  /// Reads an address as users write it: `unix:PATH`, `tcp:HOST:PORT`, `tcp:[IPV6]:PORT`, `fd:N`,
  /// or a path alone.
  ///
  /// What QEMU's own option says behind the address (`unix:PATH,server=on,wait=off`) is passed
  /// over.
  ///
  /// @throws IllegalArgumentException if it is none of these
  static QmpAddress parse(String text) {
    if (text.startsWith("tcp:")) {
      return Patterns.tcp(text);
    }
    if (text.matches("fd:[0-9]{1,9}")) {
      return new Descriptor(Integer.parseInt(text.substring(3)));
    }
    String path = text.startsWith("unix:") ? Patterns.withoutOptions(text.substring(5)) : text;
    if (path.isEmpty()) {
      throw new IllegalArgumentException("no path in QMP address \"" + text + "\"");
    }
    return new Unix(Path.of(path));
  }
}

/// The grammar of [QmpAddress#parse].
final class Patterns {
  private static final Pattern TCP =
      Pattern.compile("tcp:(?:\\[([^\\]]+)\\]|([^:,\\[\\]]+)):([0-9]{1,5})");
  private static final Pattern OPTIONS =
      Pattern.compile(",(server|wait|reconnect|reconnect-ms|nodelay|nowait)\\b.*$");

  private Patterns() {}

  static String withoutOptions(String text) {
    return OPTIONS.matcher(text).replaceFirst("");
  }

  static QmpAddress tcp(String text) {
    Matcher matcher = TCP.matcher(withoutOptions(text));
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "not a QMP address: \"" + text + "\"; expected tcp:HOST:PORT");
    }
    String host = matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
    return new QmpAddress.Tcp(host, Integer.parseInt(matcher.group(3)));
  }
}
