// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.descriptor;

import dev.tidemark.qmp.internal.Posix;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;

/// Two connected Unix stream sockets: the local end for this process, the remote end for QEMU.
///
/// Nobody else can connect to them, and no path is needed that a confined QEMU could not reach.
///
/// ```java
/// try (SocketPair pair = SocketPair.open()) {
///   qmp.getfd("out", pair.remote());
///   pair.closeRemote(); // QEMU has its own copy; without this the end is never seen
///   qmp.execute(new Migrate("fd:out"));
///   pair.local().read(buffer);
/// }
/// ```
public final class SocketPair implements AutoCloseable {
  private static final int CLOSED = -1;

  private final DescriptorChannel local;
  private final AtomicInteger remote;

  private SocketPair(int local, int remote) {
    this.local = new DescriptorChannel(local);
    this.remote = new AtomicInteger(remote);
  }

  /// A pair with the kernel's default buffers.
  ///
  /// @throws IOException if there are no descriptors left
  public static SocketPair open() throws IOException {
    int[] pair = Posix.socketPair();
    return new SocketPair(pair[0], pair[1]);
  }

  /// A pair with buffers of a size, in both directions.
  ///
  /// The kernel may give less (`net.core.wmem_max`) to a process without `CAP_NET_ADMIN`; see
  /// [#bufferBytes].
  ///
  /// @param bufferBytes bytes that may wait in each direction
  /// @throws IOException if there are no descriptors left
  public static SocketPair open(int bufferBytes) throws IOException {
    SocketPair pair = open();
    // What waits in a Unix socket is accounted to its sender; the receive buffers play no part.
    enlarge(pair.local.descriptor(), bufferBytes);
    enlarge(pair.remote(), bufferBytes);
    return pair;
  }

  private static void enlarge(int socket, int bytes) {
    // The kernel doubles the value, for its own book-keeping.
    if (!Posix.setSocketOption(socket, Posix.SO_SNDBUFFORCE, bytes)) {
      Posix.setSocketOption(socket, Posix.SO_SNDBUF, bytes);
    }
    if (!Posix.setSocketOption(socket, Posix.SO_RCVBUFFORCE, bytes)) {
      Posix.setSocketOption(socket, Posix.SO_RCVBUF, bytes);
    }
  }

  /// The end for this process.
  public DescriptorChannel local() {
    return local;
  }

  /// The descriptor of the end for the other process. It stays this pair's: close it with
  /// [#closeRemote].
  ///
  /// @throws IllegalStateException if it is closed
  public int remote() {
    int descriptor = remote.get();
    if (descriptor == CLOSED) {
      throw new IllegalStateException("the remote end is closed");
    }
    return descriptor;
  }

  /// How many bytes the kernel lets wait on the way to this process, its own book-keeping included.
  ///
  /// @throws IOException if the kernel does not say
  /// @throws IllegalStateException if the remote end is closed
  public int bufferBytes() throws IOException {
    return Posix.socketOption(remote(), Posix.SO_SNDBUF);
  }

  /// Closes this process's copy of the remote end, once the other process has its own.
  public void closeRemote() {
    int descriptor = remote.getAndSet(CLOSED);
    if (descriptor != CLOSED) {
      Posix.close(descriptor);
    }
  }

  /// Closes both ends.
  @Override
  public void close() {
    closeRemote();
    local.close();
  }
}
