// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.descriptor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class SocketPairTest {

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void bytesGoBothWays(boolean direct) throws IOException {
    try (SocketPair pair = SocketPair.open();
        DescriptorChannel other = new DescriptorChannel(dup(pair.remote()))) {
      ByteBuffer out = direct ? ByteBuffer.allocateDirect(5) : ByteBuffer.allocate(5);
      out.put("hello".getBytes(StandardCharsets.US_ASCII)).flip();
      assertThat(other.write(out)).isEqualTo(5);
      assertThat(out.hasRemaining()).isFalse();

      ByteBuffer in = direct ? ByteBuffer.allocateDirect(8) : ByteBuffer.allocate(8);
      in.put((byte) '>');
      assertThat(pair.local().read(in)).isEqualTo(5);
      byte[] text = new byte[6];
      in.flip().get(text);
      assertThat(text).asString().isEqualTo(">hello");

      assertThat(pair.local().write(ByteBuffer.wrap("back".getBytes(StandardCharsets.US_ASCII))))
          .isEqualTo(4);
      assertThat(other.read(in.clear())).isEqualTo(4);
      assertThat(other.read(ByteBuffer.allocate(0))).isZero();
    }
  }

  @Test
  void theEndIsSeenOnceAllCopiesAreClosed() throws IOException {
    try (SocketPair pair = SocketPair.open()) {
      pair.closeRemote();
      pair.closeRemote();
      assertThat(pair.local().read(ByteBuffer.allocate(1))).isEqualTo(-1);
      assertThatExceptionOfType(IOException.class)
          .isThrownBy(() -> pair.local().write(ByteBuffer.allocate(1)))
          .withMessage("write: Broken pipe");
      assertThatExceptionOfType(IllegalStateException.class).isThrownBy(pair::remote);
    }
  }

  @Test
  void aCopyOfAClosedEndGoesOnWorking() throws IOException {
    try (SocketPair pair = SocketPair.open();
        DescriptorChannel remote = new DescriptorChannel(dup(pair.remote()));
        DescriptorChannel copy = new DescriptorChannel(dup(pair.local().descriptor()))) {
      pair.local().close();
      remote.write(ByteBuffer.wrap(new byte[] {1}));
      assertThat(copy.read(ByteBuffer.allocate(2))).isEqualTo(1);
    }
  }

  @Test
  void shutdownWakesAReader() throws Exception {
    try (SocketPair pair = SocketPair.open()) {
      CompletableFuture<Integer> read = reading(pair.local());
      pair.local().shutdown();
      assertThat(read.get()).isEqualTo(-1);
    }
  }

  @Test
  void closeWakesAReaderAndTheDescriptorIsFreedOnce() throws Exception {
    long before = openDescriptors();
    for (int i = 0; i < 20; i++) {
      try (SocketPair pair = SocketPair.open()) {
        CompletableFuture<Integer> read = reading(pair.local());
        pair.local().close();
        pair.local().close();
        assertThat(read)
            .failsWithin(java.time.Duration.ofSeconds(30))
            .withThrowableThat()
            .havingCause()
            // An AsynchronousCloseException, unless the reader was slower than the close.
            .isInstanceOf(ClosedChannelException.class);
        assertThat(pair.local().isOpen()).isFalse();
        assertThatExceptionOfType(ClosedChannelException.class)
            .isThrownBy(() -> pair.local().read(ByteBuffer.allocate(1)));
      }
    }
    assertThat(openDescriptors()).isLessThan(before + 10);
  }

  @Test
  void buffersGrow() throws IOException {
    try (SocketPair small = SocketPair.open(4096);
        SocketPair large = SocketPair.open(128 << 10)) {
      assertThat(large.bufferBytes()).isGreaterThan(small.bufferBytes());
    }
  }

  @Test
  void segmentsOutOfBoundsAreRefused() throws IOException {
    try (SocketPair pair = SocketPair.open();
        Arena arena = Arena.ofConfined()) {
      MemorySegment segment = arena.allocate(16);
      assertThatExceptionOfType(IndexOutOfBoundsException.class)
          .isThrownBy(() -> pair.local().read(segment, 8, 9));
      assertThatExceptionOfType(IllegalArgumentException.class)
          .isThrownBy(() -> pair.local().read(MemorySegment.ofArray(new byte[4]), 0, 4));
    }
  }

  @Test
  void readingIntoASegmentAllocatesNextToNothing() throws IOException {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (SocketPair pair = SocketPair.open();
        DescriptorChannel other = new DescriptorChannel(dup(pair.remote()));
        Arena arena = Arena.ofConfined()) {
      MemorySegment segment = arena.allocate(8192);
      segment.set(ValueLayout.JAVA_BYTE, 0, (byte) 7);
      int rounds = 50_000;
      pingPong(pair.local(), other, segment, rounds); // warm up
      long before = threads.getCurrentThreadAllocatedBytes();
      pingPong(pair.local(), other, segment, rounds);
      long perRead = (threads.getCurrentThreadAllocatedBytes() - before) / rounds;
      assertThat(perRead).isLessThan(64);
    }
  }

  private static void pingPong(
      DescriptorChannel in, DescriptorChannel out, MemorySegment segment, int rounds)
      throws IOException {
    for (int i = 0; i < rounds; i++) {
      out.write(segment, 0, 1);
      in.read(segment, 4096, 1);
    }
  }

  private static CompletableFuture<Integer> reading(DescriptorChannel channel)
      throws InterruptedException {
    CompletableFuture<Integer> read = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              try {
                read.complete(channel.read(ByteBuffer.allocateDirect(16)));
              } catch (IOException e) {
                read.completeExceptionally(e);
              }
            });
    Thread.sleep(30);
    return read;
  }

  private static int dup(int descriptor) throws IOException {
    return dev.tidemark.qmp.internal.Posix.duplicate(descriptor);
  }

  private static long openDescriptors() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.count();
    }
  }
}
