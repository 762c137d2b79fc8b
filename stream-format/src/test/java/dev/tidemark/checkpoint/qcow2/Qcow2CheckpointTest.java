// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointFormat;
import dev.tidemark.checkpoint.OpenOptions;
import dev.tidemark.checkpoint.stream.StreamCheckpoint;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.fixture.MemorySource;
import dev.tidemark.stream.fixture.Qcow2Corpus;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.vmstate.DeviceSections;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class Qcow2CheckpointTest {
  /// Counts how often it is closed.
  private static final class Watched implements ByteSource {
    private final ByteSource source;
    int closed;

    Watched(byte[] bytes) {
      this.source = new MemorySource(bytes);
    }

    @Override
    public long size() throws IOException {
      return source.size();
    }

    @Override
    public int read(long position, MemorySegment target) throws IOException {
      return source.read(position, target);
    }

    @Override
    public void close() {
      closed++;
    }
  }

  private static byte[] two() {
    return Images.write(
        new ImageWriter.Form(3, 10, false, true, 24, true),
        Images.snapshot("1", "one", 1),
        Images.snapshot("2", "two", 2));
  }

  @Test
  void eachSnapshotIsTheStreamThatIsInIt() throws IOException {
    for (int seed = 1; seed <= 2; seed++) {
      OpenOptions options = OpenOptions.DEFAULT.withSnapshot("" + seed);
      try (Checkpoint checkpoint = Checkpoint.open(ByteSource.of(two()), options);
          Checkpoint stream =
              StreamCheckpoint.open(new MemorySource(Images.stream(seed).encode()))) {
        assertThat(checkpoint.format()).isEqualTo(CheckpointFormat.QCOW2);
        assertThat(((Qcow2Checkpoint) checkpoint).snapshot().id()).isEqualTo("" + seed);
        assertThat(checkpoint.configuration()).isEqualTo(stream.configuration());
        assertThat(checkpoint.ramBlocks()).isEqualTo(stream.ramBlocks()).hasSize(2);
        assertThat(checkpoint.targetPageSize()).isEqualTo(1024);
        assertThat(checkpoint.deviceState().sections()).isEqualTo(stream.deviceState().sections());
        assertThat(checkpoint.deviceState().vmdesc()).isEqualTo(stream.deviceState().vmdesc());
        assertThat(checkpoint.manifest()).isEmpty();
        assertSamePages(checkpoint, stream);
        try (var pass = checkpoint.stream()) {
          assertThat(pass.ramBlocks()).isEqualTo(stream.ramBlocks());
        }
      }
    }
  }

  private static void assertSamePages(Checkpoint checkpoint, Checkpoint stream) throws IOException {
    byte[] one = new byte[1024];
    byte[] other = new byte[1024];
    for (RamBlock block : stream.ramBlocks()) {
      for (long at = 0; at < block.usedLength(); at += 1024) {
        assertThat(checkpoint.readPage(block, at, MemorySegment.ofArray(one)))
            .isEqualTo(stream.readPage(block, at, MemorySegment.ofArray(other)))
            .isEqualTo(checkpoint.pageKind(block, at));
        assertThat(one).isEqualTo(other);
      }
    }
  }

  @Test
  void theSourceIsClosedWithItAndLeftOpenByAFailure() throws IOException {
    Watched source = new Watched(two());
    assertThatThrownBy(() -> Checkpoint.open(source))
        .isInstanceOf(StreamException.Unsupported.class)
        .hasMessageContaining("\"one\" (id 1), \"two\" (id 2)");
    assertThat(source.closed).isZero();
    try (Checkpoint checkpoint = Checkpoint.open(source, OpenOptions.DEFAULT.withSnapshot("two"))) {
      assertThat(checkpoint.ramBlocks()).hasSize(2);
      assertThat(source.closed).isZero();
    }
    assertThat(source.closed).isEqualTo(1);
  }

  @Test
  void aStreamThatIsCutSaysWhere() throws IOException {
    byte[] image = Images.small();
    int size = Images.entry(image) + Qcow2Descriptor.SIZE_ENTRY;
    assertThatThrownBy(() -> Checkpoint.open(ByteSource.of(Images.withLong(image, size, 1000))))
        .isInstanceOf(StreamException.Truncated.class)
        .hasMessageContaining("at offset 0x3e8 ");
  }

  @ParameterizedTest
  @CsvSource({"pc-10.0, first", "pc-10.0, second", "pc-7.2, first", "pc-7.2, second", "pc-7.2, 3"})
  void realImagesHoldTheRamThatTheGuestHad(String image, String snapshot) throws Exception {
    try (Checkpoint checkpoint =
        Checkpoint.open(
            ByteSource.of(Qcow2Corpus.image(image)), OpenOptions.DEFAULT.withSnapshot(snapshot))) {
      RamBlock ram =
          checkpoint.ramBlocks().stream()
              .filter(block -> block.idstr().equals("pc.ram"))
              .findFirst()
              .orElseThrow();
      byte[] page = new byte[4096];
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (long at = 0; at < ram.usedLength(); at += page.length) {
        if (at < 0xa0000 || at >= 0x100000) {
          var _ = checkpoint.readPage(ram, at, MemorySegment.ofArray(page));
          digest.update(page);
        }
      }
      String name = ((Qcow2Checkpoint) checkpoint).snapshot().name();
      assertThat(HexFormat.of().formatHex(digest.digest()))
          .isEqualTo(Qcow2Corpus.digest(image, name));
      assertThat(checkpoint.configuration().machineType()).endsWith(image.substring(3));
      assertThat(DeviceSections.split(checkpoint.deviceState(), 0))
          .hasValueSatisfying(sections -> assertThat(sections).hasSizeGreaterThan(20));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"pc-10.0", "pc-7.2"})
  void realSnapshotsAreListed(String name) throws IOException {
    Qcow2Image image = Qcow2Image.open(ByteSource.of(Qcow2Corpus.image(name)));
    assertThat(image.version()).isEqualTo(name.equals("pc-10.0") ? 3 : 2);
    assertThat(image.snapshots().stream().map(s -> s.id() + s.name() + s.hasVmState()))
        .containsExactly("1firsttrue", "2diskfalse", "3secondtrue");
    assertThat(image.snapshots())
        .allSatisfy(snapshot -> assertThat(snapshot.diskSize()).hasValue(1 << 20))
        .allSatisfy(snapshot -> assertThat(snapshot.icount()).isEmpty());
  }
}
