// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.internal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/// Sockets and descriptors by the foreign-function API.
///
/// The constants are those of Linux's generic ABI, which x86_64 and aarch64 share, and the layouts
/// those of 64-bit little-endian machines.
///
/// Methods of which the name ends in `OrErrno` return the call's result, or the negated errno; they
/// allocate nothing.
@SuppressWarnings("restricted") // what this class is for
public final class Posix {
  /// How the C library words `EAGAIN`; Netty passes the text on.
  public static final String TRY_AGAIN = "Resource temporarily unavailable";

  /// `EINTR`.
  public static final int EINTR = 4;

  /// `EAGAIN`.
  public static final int EAGAIN = 11;

  /// `EPIPE`.
  public static final int EPIPE = 32;

  /// `ECONNRESET`.
  public static final int ECONNRESET = 104;

  /// `SO_SNDBUF`: bytes that may wait in a socket, bounded by `net.core.wmem_max`.
  public static final int SO_SNDBUF = 7;

  /// `SO_RCVBUF`.
  public static final int SO_RCVBUF = 8;

  /// `SO_SNDBUFFORCE`: as [#SO_SNDBUF] without the bound, for those with `CAP_NET_ADMIN`.
  public static final int SO_SNDBUFFORCE = 32;

  /// `SO_RCVBUFFORCE`.
  public static final int SO_RCVBUFFORCE = 33;

  /// `SO_DOMAIN`: the kind of socket, such as [#AF_UNIX].
  public static final int SO_DOMAIN = 39;

  /// `AF_UNIX`.
  public static final int AF_UNIX = 1;

  private static final int SOCK_STREAM = 1;
  private static final int SOCK_CLOEXEC = 0x80000;
  private static final int SOL_SOCKET = 1;
  private static final int SCM_RIGHTS = 1;
  private static final int SHUT_RDWR = 2;
  private static final int MSG_DONTWAIT = 0x40;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int F_DUPFD_CLOEXEC = 1030;
  private static final int F_GETFL = 3;
  private static final int F_SETFL = 4;
  private static final int O_NONBLOCK = 0x800;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");
  private static final VarHandle ERRNO_VALUE =
      Linker.Option.captureStateLayout().varHandle(MemoryLayout.PathElement.groupElement("errno"));

  private static final MethodHandle SOCKETPAIR =
      call("socketpair", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS));
  private static final MethodHandle SETSOCKOPT =
      call(
          "setsockopt",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle GETSOCKOPT =
      call(
          "getsockopt",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS));
  private static final MethodHandle RECV =
      call("recv", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
  private static final MethodHandle SEND =
      call("send", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
  private static final MethodHandle SENDMSG =
      call("sendmsg", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle SHUTDOWN =
      call("shutdown", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
  private static final MethodHandle CLOSE =
      call("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  private static final MethodHandle FCNTL =
      LINKER.downcallHandle(
          LINKER.defaultLookup().findOrThrow("fcntl"),
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT),
          ERRNO,
          Linker.Option.firstVariadicArg(2));
  private static final MethodHandle STRERROR =
      LINKER.downcallHandle(
          LINKER.defaultLookup().findOrThrow("strerror"), FunctionDescriptor.of(ADDRESS, JAVA_INT));

  private Posix() {}

  private static MethodHandle call(String name, FunctionDescriptor type) {
    return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), type, ERRNO);
  }

  /// Memory that the `OrErrno` methods leave errno in; one per thread that is in a call.
  public static MemorySegment newErrno(Arena arena) {
    return arena.allocate(Linker.Option.captureStateLayout());
  }

  /// A connected pair of stream sockets, closed on exec.
  public static int[] socketPair() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment errno = newErrno(arena);
      MemorySegment pair = arena.allocate(JAVA_INT, 2);
      int result =
          (int) SOCKETPAIR.invokeExact(errno, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
      check("socketpair", result, errno);
      return new int[] {pair.getAtIndex(JAVA_INT, 0), pair.getAtIndex(JAVA_INT, 1)};
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  /// A copy of a descriptor, closed on exec.
  public static int duplicate(int descriptor) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment errno = newErrno(arena);
      int result = (int) FCNTL.invokeExact(errno, descriptor, F_DUPFD_CLOEXEC, 0);
      return check("fcntl", result, errno);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  /// Makes a descriptor non-blocking, and with it all its copies.
  public static void setNonBlocking(int descriptor) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment errno = newErrno(arena);
      int flags = (int) FCNTL.invokeExact(errno, descriptor, F_GETFL, 0);
      check("fcntl", flags, errno);
      int result = (int) FCNTL.invokeExact(errno, descriptor, F_SETFL, flags | O_NONBLOCK);
      check("fcntl", result, errno);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  /// Sets an integer option of level `SOL_SOCKET`.
  ///
  /// @return false if the kernel refuses
  public static boolean setSocketOption(int socket, int option, int value) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment errno = newErrno(arena);
      MemorySegment argument = arena.allocateFrom(JAVA_INT, value);
      return 0 == (int) SETSOCKOPT.invokeExact(errno, socket, SOL_SOCKET, option, argument, 4);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  /// Reads an integer option of level `SOL_SOCKET`.
  public static int socketOption(int socket, int option) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment errno = newErrno(arena);
      MemorySegment value = arena.allocate(JAVA_INT);
      MemorySegment length = arena.allocateFrom(JAVA_INT, 4);
      int result = (int) GETSOCKOPT.invokeExact(errno, socket, SOL_SOCKET, option, value, length);
      check("getsockopt", result, errno);
      return value.get(JAVA_INT, 0);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  /// Receives into all of `into`, blocking; 0 at the end of the stream.
  public static long receiveOrErrno(int socket, MemorySegment into, MemorySegment errno) {
    try {
      long result = (long) RECV.invokeExact(errno, socket, into, into.byteSize(), 0);
      return result >= 0 ? result : -errno(errno);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  /// Sends from `from`, blocking; how much may be less than all.
  public static long sendOrErrno(int socket, MemorySegment from, MemorySegment errno) {
    try {
      long result = (long) SEND.invokeExact(errno, socket, from, from.byteSize(), MSG_NOSIGNAL);
      return result >= 0 ? result : -errno(errno);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  /// Sends bytes with a descriptor attached, without blocking.
  ///
  /// The descriptor goes with the first byte: when at least one is sent, it is.
  ///
  /// @return how many bytes were sent; 0 if the socket is full and nothing was
  public static int sendWithDescriptor(int socket, byte[] bytes, int descriptor)
      throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment errno = newErrno(arena);
      MemorySegment message = Message.allocate(arena, bytes, descriptor);
      long result;
      do {
        result = (long) SENDMSG.invokeExact(errno, socket, message, MSG_DONTWAIT | MSG_NOSIGNAL);
      } while (result < 0 && errno(errno) == EINTR);
      if (result < 0 && errno(errno) == EAGAIN) {
        return 0;
      }
      return check("sendmsg", Math.toIntExact(result), errno);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  /// Ends both directions of a socket: who waits in it, in whatever process, is woken.
  public static void shutdown(int socket) {
    try (Arena arena = Arena.ofConfined()) {
      // Fails only where the socket is not connected any more, which is what it is for.
      var _ = (int) SHUTDOWN.invokeExact(newErrno(arena), socket, SHUT_RDWR);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  /// Closes a descriptor. What `close` reports is of no use for sockets.
  public static void close(int descriptor) {
    try (Arena arena = Arena.ofConfined()) {
      var _ = (int) CLOSE.invokeExact(newErrno(arena), descriptor);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  /// The exception for a failed call.
  ///
  /// @param errno positive
  public static IOException failure(String call, int errno) {
    try {
      MemorySegment text = (MemorySegment) STRERROR.invokeExact(errno);
      return new IOException(call + ": " + text.reinterpret(256).getString(0));
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  private static int errno(MemorySegment errno) {
    return (int) ERRNO_VALUE.get(errno, 0L);
  }

  private static int check(String call, int result, MemorySegment errno) throws IOException {
    if (result < 0) {
      throw failure(call, errno(errno));
    }
    return result;
  }

  private static IOException rethrow(Throwable e) {
    if (e instanceof IOException io) {
      return io;
    }
    throw unchecked(e);
  }

  private static RuntimeException unchecked(Throwable e) {
    return switch (e) {
      case Error error -> throw error;
      case RuntimeException unchecked -> unchecked;
      default -> new IllegalStateException(e);
    };
  }

  /// Builds a `msghdr` with one buffer and one descriptor.
  ///
  /// ```
  /// msghdr   0 name  8 namelen  16 iov  24 iovlen  32 control  40 controllen  48 flags   (56
  /// bytes)
  /// iovec    0 base  8 len                                                               (16
  /// bytes)
  /// cmsghdr  0 len   8 level    12 type  16 data                          (20, padded to 24 bytes)
  /// ```
  private static final class Message {
    private static final long CMSG_LEN = 20;
    private static final long CMSG_SPACE = 24;

    static MemorySegment allocate(Arena arena, byte[] bytes, int descriptor) {
      MemorySegment data = arena.allocate(bytes.length);
      MemorySegment.copy(bytes, 0, data, java.lang.foreign.ValueLayout.JAVA_BYTE, 0, bytes.length);
      MemorySegment iovec = arena.allocate(16, 8);
      iovec.set(ADDRESS, 0, data);
      iovec.set(JAVA_LONG, 8, bytes.length);
      MemorySegment control = arena.allocate(CMSG_SPACE, 8);
      control.set(JAVA_LONG, 0, CMSG_LEN);
      control.set(JAVA_INT, 8, SOL_SOCKET);
      control.set(JAVA_INT, 12, SCM_RIGHTS);
      control.set(JAVA_INT, 16, descriptor);
      MemorySegment message = arena.allocate(56, 8);
      message.set(ADDRESS, 16, iovec);
      message.set(JAVA_LONG, 24, 1);
      message.set(ADDRESS, 32, control);
      message.set(JAVA_LONG, 40, CMSG_SPACE);
      return message;
    }
  }
}
