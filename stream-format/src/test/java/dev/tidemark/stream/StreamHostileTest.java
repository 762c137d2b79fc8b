// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.checkpoint.stream.StreamCheckpoint;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.fixture.MemorySource;
import dev.tidemark.stream.fixture.SourceKind;
import dev.tidemark.stream.fixture.StreamSpec;
import dev.tidemark.stream.fixture.StreamSpec.Block;
import dev.tidemark.stream.fixture.StreamSpec.Device;
import dev.tidemark.stream.fixture.StreamSpec.Page;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Damaged streams: a [StreamException] whose offset lies in the stream, or a valid parse.
class StreamHostileTest {
  private static final MigrationStream SETTINGS =
      MigrationStream.of(TargetPageSize.detect()).withWindow(128 << 10);

  private static final byte[] SMALL =
      new StreamSpec(
              4096,
              true,
              true,
              true,
              true,
              true,
              List.of(new Block("pc.ram", 3), new Block("pc.bios", 1)),
              List.of(
                  List.of(),
                  List.of(new Page(0, 0, 300, true), new Page(0, 1, 0, false)),
                  List.of(new Page(0, 2, 0, false), new Page(1, 0, 7, true))),
              List.of(new Device("timer", 0, 12), new Device("a", 1, 0)),
              List.of(11))
          .encode();

  /// Where in [#SMALL] nothing but a page's content stands.
  private static boolean isContent(int at) {
    int start = -1;
    byte[] page = StreamSpec.content(300, 4096);
    for (int i = 0; i + page.length <= SMALL.length && start < 0; i++) {
      start = Arrays.equals(SMALL, i, i + page.length, page, 0, page.length) ? i : -1;
    }
    return at > start + 4 && at < start + page.length - 4;
  }

  @ParameterizedTest
  @EnumSource(SourceKind.class)
  void everyPrefix(SourceKind kind) throws IOException {
    boolean endsBehindEof = false;
    for (int length = 0; length < SMALL.length; length++) {
      if (isContent(length)) {
        continue;
      }
      boolean whole = parse(kind, Arrays.copyOf(SMALL, length));
      // Only what ends right behind EOF may pass, and then it has no vmdesc.
      boolean eof = SMALL[length] == 6 && SMALL[length - 1] == 0;
      endsBehindEof |= eof && whole;
      assertThat(whole && !eof).as("prefix of %d bytes", length).isFalse();
    }
    assertThat(endsBehindEof).isTrue();
    assertThat(parse(kind, SMALL)).isTrue();
  }

  @ParameterizedTest
  @EnumSource(SourceKind.class)
  void everyByteFlipped(SourceKind kind) throws IOException {
    for (int at = 0; at < SMALL.length; at++) {
      if (isContent(at)) {
        continue;
      }
      for (int mask : new int[] {0x01, 0x80, 0xff}) {
        byte[] damaged = SMALL.clone();
        damaged[at] ^= (byte) mask;
        parse(kind, damaged);
      }
    }
  }

  @Test
  void extremeLengths() throws IOException {
    for (int at = 0; at < SMALL.length - 8; at++) {
      if (isContent(at)) {
        continue;
      }
      for (long value : new long[] {-1, Long.MAX_VALUE, 0x7fffffff_7fffffffL, 1L << 62 | 8}) {
        byte[] damaged = SMALL.clone();
        ByteBuffer.wrap(damaged).putLong(at, value);
        parse(SourceKind.SEEKABLE, damaged);
        parse(SourceKind.PIPE, damaged);
      }
    }
  }

  @Test
  void realStreamsCutAndFlippedAnywhere() throws IOException {
    Random random = new Random(7);
    for (String name : List.of("pc-10.0-stopped", "pc-7.2-return-path", "pc-10.0-background")) {
      byte[] bytes = Corpus.bytes(name);
      for (int i = 0; i < 150; i++) {
        SourceKind kind = i % 2 == 0 ? SourceKind.SEEKABLE : SourceKind.PIPE;
        int at = random.nextInt(i % 3 == 0 ? 600 : bytes.length);
        assertThat(parse(kind, Arrays.copyOf(bytes, at))).as("%s cut at %d", name, at).isFalse();
        byte[] damaged = bytes.clone();
        damaged[at] ^= (byte) (1 << random.nextInt(8));
        parse(kind, damaged);
      }
    }
  }

  /// True if it parses to its end; fails on any exception but ours.
  private static boolean parse(SourceKind kind, byte[] bytes) throws IOException {
    boolean parsed = true;
    try (StreamReader in = kind.open(SETTINGS, bytes)) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        if (e instanceof RamSection ram) {
          ram.pages().forEach(new Nothing());
        }
      }
    } catch (StreamException e) {
      assertThat(e.streamOffset()).isBetween(0L, (long) bytes.length);
      parsed = false;
    }
    if (kind == SourceKind.SEEKABLE) {
      try (StreamCheckpoint checkpoint = StreamCheckpoint.open(SETTINGS, new MemorySource(bytes))) {
        checkpoint.deviceSections();
        assertThat(checkpoint.ramBlocks()).isNotEmpty();
      } catch (StreamException e) {
        assertThat(e.streamOffset()).isBetween(0L, (long) bytes.length);
      }
    }
    return parsed;
  }

  private static final class Nothing implements PageVisitor {
    @Override
    public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset) {}

    @Override
    public void zeroPage(RamBlock block, long pageOffset) {}
  }
}
