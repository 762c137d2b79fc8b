// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import dev.tidemark.qmp.fixture.LiveQemu;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Takes all connections of a migration and stores each in a file of its own, in the order in which
/// they come. All are read at once: none goes on for long while another waits.
final class MultifdConnections implements AutoCloseable {
  private final ServerSocketChannel server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Future<List<Path>> stored;

  private MultifdConnections(ServerSocketChannel server, Path folder, int count) {
    this.server = server;
    this.stored = threads.submit(() -> take(folder, count));
  }

  /// Listens on a socket.
  ///
  /// @param socket where to
  /// @param folder where the files go
  /// @param count how many connections will come
  static MultifdConnections listen(Path socket, Path folder, int count) throws IOException {
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket));
    return new MultifdConnections(server, folder, count);
  }

  private List<Path> take(Path folder, int count) throws Exception {
    List<Future<Path>> copies = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      SocketChannel connection = server.accept();
      Path file = folder.resolve("connection-" + i);
      copies.add(threads.submit(() -> copy(connection, file)));
    }
    List<Path> files = new ArrayList<>();
    for (Future<Path> copy : copies) {
      files.add(copy.get());
    }
    return files;
  }

  private static Path copy(SocketChannel from, Path file) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);
    try (from;
        FileChannel to =
            FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      while (from.read(buffer.clear()) >= 0) {
        buffer.flip();
        while (buffer.hasRemaining()) {
          to.write(buffer);
        }
      }
    }
    return file;
  }

  /// The files, when all connections have ended.
  List<Path> await() throws InterruptedException, ExecutionException, TimeoutException {
    return stored.get(LiveQemu.PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  @Override
  public void close() throws IOException {
    server.close();
    threads.shutdownNow();
  }
}
