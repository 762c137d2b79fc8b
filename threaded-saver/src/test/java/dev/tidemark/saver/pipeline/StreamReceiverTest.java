// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.saver.pipeline;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.CheckpointTarget;
import dev.tidemark.saver.SaveOptions;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.SectionHeader;
import dev.tidemark.stream.StreamElement;
import dev.tidemark.stream.StreamElement.RamSection.Phase;
import dev.tidemark.stream.StreamWriter;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamBlockEntry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class StreamReceiverTest {
  private static final int PAGE = 4096;

  /// More than the archive's writer gathers before it appends, less than the pipeline has room for.
  private static final RamBlock BLOCK = new RamBlock(0, "pc.ram", 800L * PAGE);

  @Test
  void aTargetThatFailsIsTheCauseAndNotTheStreamThatItCutsShort() throws Exception {
    WaitingChannel input = new WaitingChannel(beginningOfStream());
    ThrottledChannel channel = new ThrottledChannel(input, input::shutdown, OptionalLong.empty());
    SaveOptions options = SaveOptions.builder().bufferBytes(SaveOptions.MIN_BUFFER).build();
    try (StreamReceiver receiver =
        new StreamReceiver(channel, new FullTarget(), options, _ -> {})) {
      assertThatThrownBy(receiver::receive).isInstanceOf(IOException.class).hasMessage("full");
    }
  }

  /// Header, block list and one section with pages that do not compress.
  private static byte[] beginningOfStream() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (StreamWriter out = MigrationStream.write(Channels.newChannel(bytes))) {
      SectionHeader ram = SectionHeader.ram(2);
      out.with(new StreamElement.FileHeader());
      out.beginRam(Phase.START, ram, List.of(RamBlockEntry.of(BLOCK))).end();
      var part = out.beginRam(Phase.PART, ram, List.of());
      byte[] page = new byte[PAGE];
      Random random = new Random(1);
      for (long at = 0; at < BLOCK.usedLength(); at += PAGE) {
        random.nextBytes(page);
        part.page(BLOCK, at, MemorySegment.ofArray(page), 0);
      }
      part.end();
    }
    return bytes.toByteArray();
  }

  /// Gives what it has, then waits until it is shut down, as a socket does.
  private static final class WaitingChannel implements ReadableByteChannel {
    private final ByteBuffer bytes;
    private final CountDownLatch shut = new CountDownLatch(1);

    WaitingChannel(byte[] bytes) {
      this.bytes = ByteBuffer.wrap(bytes);
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
      if (!bytes.hasRemaining()) {
        try {
          shut.await();
        } catch (InterruptedException e) {
          throw new IOException(e);
        }
        return -1;
      }
      int count = Math.min(target.remaining(), bytes.remaining());
      target.put(bytes.slice().limit(count));
      bytes.position(bytes.position() + count);
      return count;
    }

    void shutdown() {
      shut.countDown();
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }

  /// Takes what stands before the first page, and no page.
  private static final class FullTarget implements CheckpointTarget {
    private static final int ROOM = PAGE;
    private long taken;

    @Override
    public void append(MemorySegment bytes) throws IOException {
      taken += bytes.byteSize();
      if (taken > ROOM) {
        throw new IOException("full");
      }
    }

    @Override
    public void sync() {}

    @Override
    public void commit() {}

    @Override
    public void abort() {}
  }
}
