// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

import dev.tidemark.qmp.internal.Posix;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// A Netty channel and the one thread that serves it.
final class Transport implements AutoCloseable {
  private static final int CONNECT_TIMEOUT_MILLIS = 5_000;
  private static final int CLOSE_TIMEOUT_SECONDS = 5;
  private static final int MAX_PATH_BYTES = 107;
  private static final String NO_EPOLL =
      "Netty's native epoll transport is missing here;"
          + " start Java with --enable-native-access=ALL-UNNAMED";
  private static final AtomicInteger COUNTER = new AtomicInteger();

  private final EventLoopGroup group;
  private final Channel channel;
  private final Connection connection;

  private Transport(EventLoopGroup group, Channel channel, Connection connection) {
    this.group = group;
    this.channel = channel;
    this.connection = connection;
  }

  static boolean isEpollAvailable() {
    return Epoll.isAvailable();
  }

  static Transport open(
      QmpAddress address, Connection connection, boolean epoll, Optional<TlsCredentials> tls)
      throws QmpException, InterruptedException {
    return switch (address) {
      case QmpAddress.Descriptor(int descriptor) -> adopt(address, descriptor, connection, epoll);
      case QmpAddress.Unix _ -> connect(address, connection, epoll, Optional.empty());
      case QmpAddress.Tcp tcp ->
          connect(address, connection, epoll, tls.map(credentials -> credentials.connecting(tcp)));
    };
  }

  private static Transport connect(
      QmpAddress address, Connection connection, boolean epoll, Optional<SslHandler> tls)
      throws QmpException, InterruptedException {
    SocketAddress socket = resolve(address, epoll);
    EventLoopGroup group = newGroup(epoll);
    ChannelFuture connecting = null;
    boolean done = false;
    try {
      connecting =
          new Bootstrap()
              .group(group)
              .channel(channelType(address, epoll))
              .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MILLIS)
              .handler(handlers(tls, connection))
              .connect(socket);
      if (!connecting.await().isSuccess()) {
        throw refused(address, connecting.cause());
      }
      done = true;
      return new Transport(group, connecting.channel(), connection);
    } finally {
      if (!done) {
        if (connecting == null) {
          shutDown(group);
        } else {
          shutDown(connecting.channel(), group);
        }
      }
    }
  }

  private static Transport adopt(
      QmpAddress address, int descriptor, Connection connection, boolean epoll)
      throws QmpException, InterruptedException {
    if (!epoll) {
      throw new QmpException.Unsupported("a descriptor cannot be taken over: " + NO_EPOLL);
    }
    int copy = -1;
    boolean done = false;
    try {
      copy = Posix.duplicate(descriptor);
      boolean unix = Posix.socketOption(copy, Posix.SO_DOMAIN) == Posix.AF_UNIX;
      Posix.setNonBlocking(copy);
      Channel channel = unix ? new EpollDomainSocketChannel(copy) : new EpollSocketChannel(copy);
      done = true; // the channel's from here on
      return adopt(address, channel, connection, true, Optional.empty());
    } catch (IOException e) {
      if (e instanceof QmpException failure) {
        throw failure;
      }
      throw new QmpException.ConnectFailed(address, "not a socket: " + e.getMessage(), e);
    } finally {
      if (!done && copy >= 0) {
        Posix.close(copy);
      }
    }
  }

  /// Takes over a channel that is connected and belongs to no event loop yet.
  static Transport adopt(
      QmpAddress address,
      Channel channel,
      Connection connection,
      boolean epoll,
      Optional<SslHandler> tls)
      throws QmpException, InterruptedException {
    EventLoopGroup group = newGroup(epoll);
    boolean done = false;
    try {
      channel.pipeline().addLast(handlers(tls, connection));
      ChannelFuture registering = group.register(channel).await();
      if (!registering.isSuccess()) {
        throw refused(address, registering.cause());
      }
      if (!channel.isActive()) {
        throw new QmpException.ConnectFailed(address, "the socket is not connected", null);
      }
      done = true;
      return new Transport(group, channel, connection);
    } finally {
      if (!done) {
        shutDown(channel, group);
      }
    }
  }

  private static ChannelInitializer<Channel> handlers(
      Optional<SslHandler> tls, Connection connection) {
    return new ChannelInitializer<>() {
      @Override
      protected void initChannel(Channel channel) {
        // What fails to be written must not close what is still to be read.
        channel.config().setAutoClose(false);
        tls.ifPresent(channel.pipeline()::addLast);
        channel.pipeline().addLast(connection);
      }
    };
  }

  static EventLoopGroup newGroup(boolean epoll) {
    IoHandlerFactory handler = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    return new MultiThreadIoEventLoopGroup(1, Transport::thread, handler);
  }

  void checkCarriesDescriptors() throws QmpException.Unsupported {
    if (channel instanceof EpollDomainSocketChannel) {
      return;
    }
    throw new QmpException.Unsupported(
        channel instanceof NioDomainSocketChannel
            ? "descriptors cannot be passed: " + NO_EPOLL
            : "descriptors cannot be passed over TCP; use a Unix socket");
  }

  /// From here on each byte goes in a TLS record of its own, if there is TLS.
  ///
  /// A QEMU before 8.0 takes one byte out of a record and forgets the others until the next record
  /// comes: its monitor reads byte by byte, and only the socket wakes it.
  void sendByteByByte() {
    SslHandler tls = channel.pipeline().get(SslHandler.class);
    if (tls != null) {
      channel.eventLoop().execute(() -> tls.setWrapDataSize(1));
    }
  }

  Optional<Long> peerPid() {
    if (!(channel instanceof EpollDomainSocketChannel unix)) {
      return Optional.empty();
    }
    try {
      long pid = unix.peerCredentials().pid();
      return pid > 0 ? Optional.of(pid) : Optional.empty();
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  @Override
  public void close() {
    if (!channel.eventLoop().inEventLoop()) {
      try {
        channel.eventLoop().execute(() -> connection.end(End.closedHere()));
      } catch (java.util.concurrent.RejectedExecutionException _) {
        return;
      }
      channel.close().awaitUninterruptibly(CLOSE_TIMEOUT_SECONDS, TimeUnit.SECONDS);
    } else {
      connection.end(End.closedHere());
      var _ = channel.close();
    }
    shutDown(group);
  }

  static void shutDown(EventLoopGroup group) {
    var _ = group.shutdownGracefully(0, CLOSE_TIMEOUT_SECONDS, TimeUnit.SECONDS);
  }

  /// Closes a channel of a group and then the group: one that shuts down while a channel is on its
  /// way into it leaves the socket open, and QEMU's monitor taken.
  static void shutDown(Channel channel, EventLoopGroup group) {
    var _ = channel.close().addListener(_ -> shutDown(group));
  }

  private static Thread thread(Runnable job) {
    return Thread.ofPlatform()
        .daemon()
        .name("tidemark-qmp-" + COUNTER.incrementAndGet())
        .unstarted(job);
  }

  private static Class<? extends Channel> channelType(QmpAddress address, boolean epoll) {
    return address instanceof QmpAddress.Tcp
        ? epoll ? EpollSocketChannel.class : NioSocketChannel.class
        : epoll ? EpollDomainSocketChannel.class : NioDomainSocketChannel.class;
  }

  private static SocketAddress resolve(QmpAddress address, boolean epoll)
      throws QmpException.ConnectFailed {
    SocketAddress socket = socketAddress(address, epoll);
    if (address instanceof QmpAddress.Unix(Path path) && !Files.exists(path)) {
      throw new QmpException.ConnectFailed(address, "there is no such socket", null);
    }
    return socket;
  }

  /// Where to connect or to listen.
  ///
  /// @throws IllegalArgumentException for a descriptor, which is neither
  static SocketAddress socketAddress(QmpAddress address, boolean epoll)
      throws QmpException.ConnectFailed {
    return switch (address) {
      case QmpAddress.Unix(Path path) -> {
        checkPath(address, path);
        yield epoll ? new DomainSocketAddress(path.toFile()) : UnixDomainSocketAddress.of(path);
      }
      case QmpAddress.Tcp(String host, int port) -> InetSocketAddress.createUnresolved(host, port);
      case QmpAddress.Descriptor _ -> throw new IllegalArgumentException(address.toString());
    };
  }

  private static void checkPath(QmpAddress address, Path path) throws QmpException.ConnectFailed {
    if (path.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8).length > MAX_PATH_BYTES) {
      throw new QmpException.ConnectFailed(
          address, "the path is longer than the " + MAX_PATH_BYTES + " bytes of a socket", null);
    }
  }

  private static QmpException refused(QmpAddress address, @Nullable Throwable cause) {
    String message = cause == null ? "no reason given" : String.valueOf(cause.getMessage());
    // A Unix socket whose backlog is full, since nobody accepts: QEMU serves one client at a time.
    if (address instanceof QmpAddress.Unix && message.contains(Posix.TRY_AGAIN)) {
      return QmpException.ConnectFailed.taken(address, cause);
    }
    if (cause instanceof UnresolvedAddressException) {
      return new QmpException.ConnectFailed(address, "unknown host", cause);
    }
    if (message.contains("refused")) {
      return new QmpException.ConnectFailed(
          address, "nobody listens there; has this QEMU ended?", cause);
    }
    return new QmpException.ConnectFailed(address, message, cause);
  }
}
