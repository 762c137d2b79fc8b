// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.channels.Channels;
import org.junit.jupiter.api.Test;

/// What a writer takes outside of the heap, which is free again only when the collector says so.
class WriterMemoryTest {
  private static final int SMALL = 128 << 10;

  @Test
  void smallStreamIsWrittenInLittleMemory() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    long before = outsideOfHeap();
    try (StreamWriter writer = MigrationStream.write(Channels.newChannel(out))) {
      writer.with(new StreamElement.FileHeader());
      writer.with(new StreamElement.EndOfFile(0));
      assertThat(outsideOfHeap() - before).isLessThan(SMALL);
    }
    assertThat(out.size()).isEqualTo(9);
  }

  /// The buffer grows once, and nothing of what was in it is lost.
  @Test
  void whatWasGatheredStaysWhenTheBufferGrows() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] data = new byte[0xffff];
    try (StreamWriter writer = MigrationStream.write(Channels.newChannel(out))) {
      writer.with(new StreamElement.FileHeader());
      for (int i = 0; i < 40; i++) {
        data[i] = (byte) i;
        writer.with(new StreamElement.Command(0, 0x7000, data));
      }
      assertThat(writer.bytesWritten()).isEqualTo(8 + 40 * (5 + 0xffffL));
    }
    byte[] all = out.toByteArray();
    assertThat(all).hasSize(8 + 40 * (5 + 0xffff));
    for (int i = 0; i < 40; i++) {
      int at = 8 + i * (5 + 0xffff) + 5;
      assertThat(all[at + i]).isEqualTo((byte) i);
      assertThat(all[at + i + 1]).isZero();
    }
  }

  private static long outsideOfHeap() {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
        .filter(pool -> pool.getName().equals("direct"))
        .mapToLong(BufferPoolMXBean::getMemoryUsed)
        .sum();
  }
}
