// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.compressed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointFormat;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.OpenOptions;
import dev.tidemark.checkpoint.PageSpool;
import dev.tidemark.checkpoint.stream.CheckpointStreamWriter;
import dev.tidemark.checkpoint.stream.StreamCheckpoint;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.StreamLimits;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.fixture.SourceKind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.FieldSource;

class CompressedCheckpointTest {
  private static final MigrationStream SETTINGS = MigrationStream.of(TargetPageSize.detect());
  private static final String SMALL = "pc-10.0-xbzrle";

  /// One of each kind that one file can hold.
  static final List<String> STREAMS =
      List.of(
          "pc-10.0-busy",
          "pc-7.2-compress",
          "pc-10.0-xbzrle",
          "pc-10.0-virtio-mem",
          "pc-10.0-postcopy",
          "pc-10.0-no-footers",
          "pc-10.0-mapped-ram");

  @TempDir Path folder;

  /// The same pages as a canonical stream has, whatever the file.
  private static byte[] canonical(CheckpointStream in) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    CheckpointStreamWriter.write(
        in, Channels.newChannel(out), CheckpointStreamWriter.Options.DEFAULT);
    return out.toByteArray();
  }

  private static byte[] plain(byte[] stream) throws IOException {
    try (Checkpoint checkpoint = StreamCheckpoint.open(ByteSource.of(stream));
        CheckpointStream in = checkpoint.stream()) {
      return canonical(in);
    }
  }

  private static Checkpoint open(byte[] file) throws IOException {
    return Checkpoint.open(ByteSource.of(file));
  }

  @ParameterizedTest
  @FieldSource("STREAMS")
  void aCompressedStreamHoldsWhatThePlainOneDoes(String name) throws IOException {
    byte[] stream = Corpus.bytes(name);
    try (Checkpoint checkpoint = open(Codecs.compress(Codec.GZIP, stream));
        CheckpointStream in = checkpoint.stream()) {
      assertThat(checkpoint.format()).isEqualTo(CheckpointFormat.COMPRESSED_STREAM);
      assertThat(canonical(in)).isEqualTo(plain(stream));
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyCodecIsRecognisedAndOpened(Codec codec) throws IOException {
    byte[] stream = Corpus.bytes(SMALL);
    byte[] file = Codecs.compress(codec, stream);
    List<Long> told = new ArrayList<>();
    OpenOptions options =
        OpenOptions.DEFAULT
            .withSpoolFolder(folder)
            .withProgress(
                (done, total) -> {
                  assertThat(total).isEqualTo(file.length);
                  told.add(done);
                });
    try (Checkpoint checkpoint = Checkpoint.open(ByteSource.of(file), options);
        CheckpointStream in = checkpoint.stream()) {
      assertThat(canonical(in)).isEqualTo(plain(stream));
    }
    assertThat(told).isSorted().last().isEqualTo((long) file.length);
    assertThat(folder).isEmptyDirectory();
  }

  @ParameterizedTest
  @EnumSource
  void aPipeGivesTheSameInOnePass(Codec codec) throws IOException {
    byte[] stream = Corpus.bytes("pc-10.0-busy");
    byte[] file = Codecs.compress(codec, stream);
    for (SourceKind kind : new SourceKind[] {SourceKind.PIPE, SourceKind.SHORT_READS}) {
      try (CompressedCheckpointStream in =
          CompressedCheckpointStream.open(SETTINGS, kind.channel(file))) {
        assertThat(in.codec()).isEqualTo(codec);
        assertThat(plain(canonical(in))).isEqualTo(plain(stream));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void dataThatIsNoMigrationStreamIsTold(Codec codec) throws IOException {
    for (byte[] content : new byte[][] {{}, {'Q', 'E', 'V'}, new byte[100_000]}) {
      byte[] file = Codecs.compress(codec, content);
      assertThatThrownBy(() -> open(file))
          .isInstanceOf(StreamException.Malformed.class)
          .hasMessageContaining(codec + " data that holds no migration stream");
    }
  }

  @Test
  void aCutStreamInWholeDataIsTold() throws IOException {
    byte[] stream = Corpus.bytes(SMALL);
    byte[] file = Codecs.compress(Codec.ZSTD, Arrays.copyOf(stream, stream.length / 2));
    assertThatThrownBy(() -> open(file))
        .isInstanceOf(StreamException.Truncated.class)
        .hasMessageStartingWith("inside, ")
        .hasMessageEndingWith(" while reading zstd data");
  }

  @Test
  void aWrongChecksumBehindTheStreamIsFound() throws IOException {
    byte[] file = Codecs.compress(Codec.GZIP, Corpus.bytes(SMALL));
    file[file.length - 8] ^= 1;
    assertThatThrownBy(() -> open(file))
        .isInstanceOf(StreamException.Malformed.class)
        .hasMessageContaining("wrong checksum")
        .hasMessageContaining("gzip trailer");
  }

  @Test
  void moreThanALittleBehindTheStreamIsRefused() throws IOException {
    byte[] stream = Corpus.bytes(SMALL);
    byte[] padded = Codecs.compress(Codec.GZIP, Arrays.copyOf(stream, stream.length + 4096));
    open(padded).close();
    byte[] bomb = Codecs.compress(Codec.GZIP, Arrays.copyOf(stream, 32 << 20));
    MigrationStream small =
        SETTINGS.withLimits(StreamLimits.DEFAULT.withDeviceState(4 << 20, 4 << 20));
    try (CheckpointStream in =
        CompressedCheckpointStream.open(small, SourceKind.PIPE.channel(bomb))) {
      PageSpool spool = PageSpool.create(in.ramBlocks(), in.targetPageSize());
      assertThatThrownBy(() -> in.forEachPage(spool))
          .isInstanceOf(StreamException.LimitExceeded.class)
          .hasMessageContaining("inside, device state of more than");
      spool.close();
    }
  }

  @Test
  void theMainChannelOfMultifdIsRefused() throws IOException {
    byte[] file = Codecs.compress(Codec.LZOP, Corpus.bytes("pc-10.0-multifd-none"));
    assertThatThrownBy(() -> open(file))
        .isInstanceOf(StreamException.Unsupported.class)
        .hasMessageContaining("multifd");
  }
}
