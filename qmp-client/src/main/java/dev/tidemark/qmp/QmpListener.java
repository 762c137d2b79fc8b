// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// A place where QEMU connects to, rather than the other way round: for a monitor whose chardev is
/// a
/// client, `-qmp unix:PATH,server=off`.
///
/// ```java
/// try (QmpListener listener = QmpListener.bind(QmpAddress.unix(Path.of("vm.sock")))) {
///   // start QEMU with -qmp unix:vm.sock,server=off
///   QmpClient vm = listener.accept(Duration.ofSeconds(30));
/// }
/// ```
///
/// A client lives on when its listener is closed. A Unix socket is of mode 0600, since whoever
/// connects is taken for QEMU; closing removes it.
public final class QmpListener implements AutoCloseable {
  private static final int BACKLOG = 16;

  private final QmpAddress address;
  private final QmpOptions options;
  private final boolean epoll;
  private final EventLoopGroup group;
  private final Channel server;
  private final BlockingQueue<Channel> waiting;

  private QmpListener(
      QmpAddress address,
      QmpOptions options,
      boolean epoll,
      EventLoopGroup group,
      Channel server,
      BlockingQueue<Channel> waiting) {
    this.address = address;
    this.options = options;
    this.epoll = epoll;
    this.group = group;
    this.server = server;
    this.waiting = waiting;
  }

  /// Listens at an address.
  ///
  /// @param address a Unix socket, at whose path nothing may be yet, or a TCP port
  /// @throws QmpException.ConnectFailed if it cannot be listened there
  public static QmpListener bind(QmpAddress address) throws QmpException, InterruptedException {
    return bind(address, QmpOptions.DEFAULT);
  }

  /// Listens as [#bind(QmpAddress)] does, with options for the clients.
  ///
  /// @throws QmpException.ConnectFailed as there
  public static QmpListener bind(QmpAddress address, QmpOptions options)
      throws QmpException, InterruptedException {
    return bind(address, options, Transport.isEpollAvailable());
  }

  static QmpListener bind(QmpAddress address, QmpOptions options, boolean epoll)
      throws QmpException, InterruptedException {
    SocketAddress socket = resolved(Transport.socketAddress(address, epoll));
    EventLoopGroup group = Transport.newGroup(epoll);
    BlockingQueue<Channel> waiting = new LinkedBlockingQueue<>(BACKLOG);
    Channel server = newServer(address, epoll);
    server.pipeline().addLast(new Acceptor(waiting));
    boolean done = false;
    try {
      ChannelFuture binding = group.register(server).await();
      if (binding.isSuccess()) {
        binding = server.bind(socket).await();
      }
      if (!binding.isSuccess()) {
        throw new QmpException.ConnectFailed(
            address, "cannot listen there: " + binding.cause().getMessage(), binding.cause());
      }
      if (address instanceof QmpAddress.Unix(Path path)) {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
      }
      done = true;
      return new QmpListener(address, options, epoll, group, server, waiting);
    } catch (IOException e) {
      if (e instanceof QmpException failure) {
        throw failure;
      }
      throw new QmpException.ConnectFailed(address, String.valueOf(e.getMessage()), e);
    } finally {
      if (!done) {
        Transport.shutDown(server, group);
      }
    }
  }

  private static SocketAddress resolved(SocketAddress socket) {
    return socket instanceof InetSocketAddress inet
        ? new InetSocketAddress(inet.getHostString(), inet.getPort())
        : socket;
  }

  private static ServerChannel newServer(QmpAddress address, boolean epoll) {
    if (address instanceof QmpAddress.Tcp) {
      return epoll ? new EpollServerSocketChannel() : new NioServerSocketChannel();
    }
    return epoll ? new EpollServerDomainSocketChannel() : new NioServerDomainSocketChannel();
  }

  /// Where it listens.
  public QmpAddress address() {
    return address;
  }

  /// Waits until a QEMU connects, and leaves negotiation mode with it.
  ///
  /// @param wait how long to wait for one
  /// @throws QmpException.ConnectFailed if none connects in time, or if what connects is not QMP;
  ///     in the second case the next call may find a better one
  public QmpClient accept(Duration wait) throws QmpException, InterruptedException {
    Channel channel = waiting.poll(TimeUnit.NANOSECONDS.convert(wait), TimeUnit.NANOSECONDS);
    if (channel == null) {
      throw new QmpException.ConnectFailed(
          address,
          "no QEMU has connected within "
              + wait.toMillis()
              + " ms; is it started with -qmp …,server=off?",
          null);
    }
    Connection connection = new Connection(options);
    Optional<SslHandler> tls =
        address instanceof QmpAddress.Tcp
            ? options.tls().map(TlsCredentials::accepting)
            : Optional.empty();
    Transport transport = Transport.adopt(address, channel, connection, epoll, tls);
    return QmpClient.accept(address, options, transport, connection);
  }

  /// Ends the listening. Connections that were not accepted are closed.
  @Override
  public void close() {
    server.close().awaitUninterruptibly();
    for (Channel each = waiting.poll(); each != null; each = waiting.poll()) {
      each.unsafe().closeForcibly();
    }
    Transport.shutDown(group);
    if (address instanceof QmpAddress.Unix(Path path)) {
      try {
        Files.deleteIfExists(path);
      } catch (IOException _) {
        // Somebody else's folder by now; the socket is dead anyway.
      }
    }
  }

  @Override
  public String toString() {
    return "QmpListener[" + address + "]";
  }

  /// Keeps each connection, unregistered, until somebody accepts it.
  private static final class Acceptor extends ChannelInboundHandlerAdapter {
    private final BlockingQueue<Channel> waiting;

    Acceptor(BlockingQueue<Channel> waiting) {
      this.waiting = waiting;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object accepted) {
      Channel channel = (Channel) accepted;
      if (!waiting.offer(channel)) {
        channel.unsafe().closeForcibly();
      }
    }
  }
}
