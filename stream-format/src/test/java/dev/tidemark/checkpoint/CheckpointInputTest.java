// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.archive.ArchiveConversion;
import dev.tidemark.checkpoint.archive.ArchiveOptions;
import dev.tidemark.checkpoint.archive.Compression;
import dev.tidemark.checkpoint.compressed.Codec;
import dev.tidemark.checkpoint.compressed.CompressingChannel;
import dev.tidemark.checkpoint.libvirt.LibvirtFormat;
import dev.tidemark.checkpoint.libvirt.LibvirtWriter;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.fixture.PieceChannel;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CheckpointInputTest {
  private static final String SOURCE = "pc-10.0-busy";

  @TempDir Path folder;

  private final List<String> told = new ArrayList<>();

  enum Piped {
    STREAM(true),
    GZIP(true),
    ARCHIVE(true),
    ARCHIVE_ZSTD(true),
    LIBVIRT(true),
    LIBVIRT_XZ(true),
    MAPPED_RAM(false);

    private final boolean onePass;

    Piped(boolean onePass) {
      this.onePass = onePass;
    }
  }

  private static byte[] bytes(Piped kind) throws IOException {
    byte[] stream = Corpus.bytes(SOURCE);
    return switch (kind) {
      case STREAM -> stream;
      case MAPPED_RAM -> Corpus.bytes("pc-10.0-mapped-ram-busy");
      case GZIP -> {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (CompressingChannel gzip = Codec.GZIP.compress(Channels.newChannel(out))) {
          gzip.write(ByteBuffer.wrap(stream));
          gzip.finish();
        }
        yield out.toByteArray();
      }
      case ARCHIVE -> archive(stream, Compression.LZ4);
      case ARCHIVE_ZSTD -> archive(stream, Compression.ZSTD);
      case LIBVIRT -> libvirt(stream, LibvirtFormat.RAW);
      case LIBVIRT_XZ -> libvirt(stream, LibvirtFormat.XZ);
    };
  }

  private static byte[] archive(byte[] stream, Compression compression) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (Checkpoint checkpoint = Checkpoint.open(ByteSource.of(stream));
        CheckpointStream pages = checkpoint.stream()) {
      ArchiveConversion.write(
          pages,
          CheckpointTarget.of(Channels.newChannel(out)),
          Optional.empty(),
          ArchiveOptions.DEFAULT.withCompression(compression),
          Progress.NONE);
    }
    return out.toByteArray();
  }

  private static byte[] libvirt(byte[] stream, LibvirtFormat format) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (Checkpoint checkpoint = Checkpoint.open(ByteSource.of(stream));
        CheckpointStream pages = checkpoint.stream()) {
      LibvirtWriter.write(
          pages,
          CheckpointTarget.of(Channels.newChannel(out)),
          LibvirtWriter.Options.of(format, "<domain/>"));
    }
    return out.toByteArray();
  }

  private CheckpointInput piped(byte[] bytes) throws IOException {
    return CheckpointInput.of(
        PieceChannel.ofSize(bytes, 5000), OpenOptions.DEFAULT.withSpoolFolder(folder), told::add);
  }

  @ParameterizedTest
  @EnumSource
  void aPipeHoldsWhatAFileHolds(Piped kind) throws IOException {
    byte[] bytes = bytes(kind);
    Map<String, Integer> expected;
    byte[] devices;
    try (Checkpoint checkpoint = Checkpoint.open(ByteSource.of(bytes))) {
      expected = image(checkpoint.stream());
      devices = checkpoint.deviceState().sections();
      try (CheckpointInput input = piped(bytes)) {
        assertThat(input.format()).isEqualTo(checkpoint.format());
        CheckpointStream stream = input.stream();
        assertThat(image(stream)).isEqualTo(expected);
        assertThat(stream.deviceState().sections()).isEqualTo(devices);
        assertThat(input.libvirtHeader().isPresent())
            .isEqualTo(checkpoint.format() == CheckpointFormat.LIBVIRT);
      }
    }
    assertThat(told.isEmpty()).as("read in one pass").isEqualTo(kind.onePass);
    try (CheckpointInput input = piped(bytes)) {
      Checkpoint checkpoint = input.checkpoint();
      assertThat(image(checkpoint.stream())).isEqualTo(expected);
      assertThat(checkpoint.deviceState().sections()).isEqualTo(devices);
    }
    assertThat(told).hasSizeBetween(1, 2).allMatch(line -> line.contains(folder.toString()));
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).as("names in the folder for what is kept").isEmpty();
    }
  }

  /// Hashes of the newest pages; those of zeroes as those that are missing.
  private static Map<String, Integer> image(CheckpointStream stream) throws IOException {
    Map<String, Integer> image = new TreeMap<>();
    int pageSize = stream.targetPageSize();
    stream.forEachPage(
        new PageVisitor() {
          @Override
          public void page(RamBlock block, long at, MemorySegment window, long windowOffset) {
            byte[] page = window.asSlice(windowOffset, pageSize).toArray(ValueLayout.JAVA_BYTE);
            int hash = Arrays.hashCode(page);
            if (hash == Arrays.hashCode(new byte[pageSize])) {
              image.remove(block.idstr() + at);
            } else {
              image.put(block.idstr() + at, hash);
            }
          }

          @Override
          public void zeroPage(RamBlock block, long at) {
            image.remove(block.idstr() + at);
          }
        });
    return image;
  }

  @ParameterizedTest
  @EnumSource
  void aPipeThatEndsTooSoonIsTruncated(Piped kind) throws IOException {
    byte[] bytes = bytes(kind);
    for (int length : new int[] {0, 3, 70, bytes.length / 2}) {
      assertThatThrownBy(
              () -> {
                try (CheckpointInput input = piped(Arrays.copyOf(bytes, length))) {
                  image(input.stream());
                }
              })
          .as("%s cut to %d bytes", kind, length)
          .isInstanceOf(StreamException.Truncated.class);
    }
  }

  @Test
  void aPipeOfSomethingElseIsMalformed() {
    assertThatThrownBy(() -> piped(new byte[100])).isInstanceOf(StreamException.Malformed.class);
  }

  @Test
  void theXmlOfASaveImageCanBeLongerThanWhatIsLookedAt() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    String xml = "<domain>" + " ".repeat(100_000) + "</domain>";
    try (Checkpoint checkpoint = Checkpoint.open(ByteSource.of(Corpus.bytes(SOURCE)));
        CheckpointStream pages = checkpoint.stream()) {
      LibvirtWriter.write(
          pages,
          CheckpointTarget.of(Channels.newChannel(out)),
          LibvirtWriter.Options.of(LibvirtFormat.RAW, xml));
    }
    try (CheckpointInput input = piped(out.toByteArray())) {
      assertThat(input.libvirtHeader().orElseThrow().xml()).isEqualTo(xml);
      assertThat(told).isEmpty();
    }
  }
}
