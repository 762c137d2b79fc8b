// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.libvirt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointFormat;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.compressed.Codec;
import dev.tidemark.checkpoint.compressed.Codecs;
import dev.tidemark.checkpoint.stream.CheckpointStreamWriter;
import dev.tidemark.checkpoint.stream.StreamCheckpoint;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.fixture.SourceKind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class LibvirtCheckpointTest {
  private static final String STREAM = "pc-10.0-virtio-mem";
  private static final String BUSY = "pc-10.0-busy";

  private static byte[] canonical(CheckpointStream in) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    CheckpointStreamWriter.write(
        in, Channels.newChannel(out), CheckpointStreamWriter.Options.DEFAULT);
    return out.toByteArray();
  }

  private static byte[] canonical(byte[] stream) throws IOException {
    try (Checkpoint checkpoint = StreamCheckpoint.open(ByteSource.of(stream));
        CheckpointStream in = checkpoint.stream()) {
      return canonical(in);
    }
  }

  private static LibvirtCheckpoint open(byte[] image) throws IOException {
    return (LibvirtCheckpoint) Checkpoint.open(ByteSource.of(image));
  }

  private static byte[] stored(LibvirtFormat format, byte[] stream) throws IOException {
    return format.codec().isPresent() ? Codecs.compress(format.codec().get(), stream) : stream;
  }

  @ParameterizedTest
  @EnumSource(names = "SPARSE", mode = EnumSource.Mode.EXCLUDE)
  void anImageHoldsWhatItsStreamDoes(LibvirtFormat format) throws IOException {
    byte[] stream = Corpus.bytes(STREAM);
    byte[] image = Images.of(format.number()).with(stored(format, stream));
    try (LibvirtCheckpoint checkpoint = open(image);
        CheckpointStream in = checkpoint.stream()) {
      assertThat(checkpoint.format()).isEqualTo(CheckpointFormat.LIBVIRT);
      assertThat(checkpoint.content()).isEqualTo(format);
      assertThat(checkpoint.disagreement()).isEmpty();
      assertThat(checkpoint.header().xml()).isEqualTo(Images.XML);
      assertThat(checkpoint.header().cookie()).contains("<cookie/>");
      assertThat(canonical(in)).isEqualTo(canonical(stream));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void bothVersionsAreReadInBothByteOrders(int version) throws IOException {
    for (ByteOrder order : new ByteOrder[] {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN}) {
      byte[] image = Images.of(0).with(order, version).with(Corpus.bytes(STREAM));
      try (LibvirtCheckpoint checkpoint = open(image)) {
        LibvirtHeader header = checkpoint.header();
        assertThat(header.version()).isEqualTo(version);
        assertThat(header.byteOrder()).isEqualTo(order);
        assertThat(header.wasRunning()).isTrue();
        assertThat(header.dataLength()).isEqualTo(Images.XML.length() + 1 + 10 + 64);
      }
    }
  }

  /// The stream of this file stands at an offset, which its places count from the start of.
  @Test
  void placesOfASparseImageCountFromTheStartOfTheFile() throws IOException {
    byte[] file = Corpus.bytes("pc-10.0-mapped-ram-offset");
    int start = (int) Corpus.entry("pc-10.0-mapped-ram-offset").streamOffset();
    Images images = Images.of(6);
    int padding = start - (images.with(new byte[0]).length - 64);
    byte[] head =
        new Images(images.order(), 2, 6, images.xml(), images.cookie(), padding).with(new byte[0]);
    assertThat(head).hasSize(start);
    System.arraycopy(head, 0, file, 0, start);
    byte[] plain = Corpus.bytes("pc-10.0-mapped-ram");
    try (LibvirtCheckpoint checkpoint = open(file);
        CheckpointStream in = checkpoint.stream();
        Checkpoint other = Checkpoint.open(ByteSource.of(plain))) {
      assertThat(checkpoint.content()).isEqualTo(LibvirtFormat.SPARSE);
      assertThat(checkpoint.disagreement()).isEmpty();
      assertThat(checkpoint.ramBlocks()).isEqualTo(other.ramBlocks());
      assertThat(canonical(in).length).isGreaterThan(100_000);
    }
    try (LibvirtCheckpoint checkpoint = open(file);
        CheckpointStream indexed = checkpoint.stream();
        LibvirtCheckpointStream piped =
            LibvirtCheckpointStream.open(
                MigrationStream.of(TargetPageSize.detect()), SourceKind.PIPE.channel(file))) {
      assertThat(canonical(piped)).isEqualTo(canonical(indexed));
    }
  }

  @Test
  void whatTheHeaderSaysOtherwiseIsTold() throws IOException {
    byte[] image = Images.of(1).with(Codecs.compress(Codec.ZSTD, Corpus.bytes(STREAM)));
    try (LibvirtCheckpoint checkpoint = open(image)) {
      assertThat(checkpoint.content()).isEqualTo(LibvirtFormat.ZSTD);
      assertThat(checkpoint.disagreement())
          .contains("the header says that the stream is gzip (1), but it is zstd");
    }
    try (LibvirtCheckpoint checkpoint = open(Images.of(77).with(Corpus.bytes(STREAM)))) {
      assertThat(checkpoint.header().format()).isEmpty();
      assertThat(checkpoint.disagreement())
          .contains("the header says that the stream is of an unknown format (77), but it is raw");
    }
  }

  @ParameterizedTest
  @EnumSource(names = "SPARSE", mode = EnumSource.Mode.EXCLUDE)
  void whatIsWrittenIsRead(LibvirtFormat format) throws IOException {
    byte[] stream = Corpus.bytes(BUSY);
    Images.Kept target = new Images.Kept();
    LibvirtWriter.Options options =
        new LibvirtWriter.Options(
            format, Images.XML + "é", Optional.of("<cookie>1</cookie>"), false, (_, _) -> {});
    try (Checkpoint source = StreamCheckpoint.open(ByteSource.of(stream));
        CheckpointStream in = source.stream()) {
      assertThat(LibvirtWriter.write(in, target, options)).isEqualTo(target.toByteArray().length);
    }
    byte[] image = target.toByteArray();
    try (LibvirtCheckpoint checkpoint = open(image);
        CheckpointStream in = checkpoint.stream()) {
      LibvirtHeader header = checkpoint.header();
      assertThat(header.xml()).isEqualTo(Images.XML + "é");
      assertThat(header.cookie()).contains("<cookie>1</cookie>");
      assertThat(header.wasRunning()).isFalse();
      assertThat(header.dataLength()).isEqualTo(Images.XML.length() + 2 + 1 + 19 + 65536);
      assertThat(checkpoint.content()).isEqualTo(format);
      assertThat(checkpoint.disagreement()).isEmpty();
      assertThat(canonical(in)).isEqualTo(canonical(stream));
    }
    try (LibvirtCheckpointStream in =
        LibvirtCheckpointStream.open(
            MigrationStream.of(TargetPageSize.detect()), SourceKind.SHORT_READS.channel(image))) {
      assertThat(in.header().format()).contains(format);
      assertThat(canonical(canonical(in))).isEqualTo(canonical(stream));
    }
  }

  @Property(tries = 100)
  void headersAreReadAsTheyAreWritten(
      @ForAll LibvirtFormat format,
      @ForAll @StringLength(min = 1, max = 3000) @CharRange(from = ' ', to = '\ud7ff') String xml,
      @ForAll @StringLength(max = 3000) @CharRange(from = 1, to = 'z') String cookie,
      @ForAll boolean running)
      throws IOException {
    Optional<String> some = Optional.of(cookie).filter(text -> !text.isEmpty());
    LibvirtWriter.Options options =
        new LibvirtWriter.Options(format, xml, some, running, (_, _) -> {});
    LibvirtHeader header = LibvirtHeader.read(ByteSource.of(LibvirtWriter.start(options).array()));
    int cookieBytes = some.isPresent() ? cookie.length() + 1 : 0;
    int bytes = xml.getBytes(StandardCharsets.UTF_8).length + 1 + cookieBytes + 65536;
    assertThat(header)
        .isEqualTo(
            new LibvirtHeader(
                2, ByteOrder.LITTLE_ENDIAN, running, format.number(), xml, some, bytes));
  }

  @Test
  void anImageThatLibvirtHasNotFinishedIsTruncated() throws IOException {
    byte[] image = Images.of(0).with(Corpus.bytes(STREAM));
    System.arraycopy("Part".getBytes(StandardCharsets.US_ASCII), 0, image, 12, 4);
    assertThatThrownBy(() -> open(image))
        .isInstanceOf(StreamException.Truncated.class)
        .hasMessageContaining("incomplete save image")
        .hasMessageContaining("at offset 0x0 ");
  }

  @Test
  void aNewerVersionIsRefused() throws IOException {
    for (int version : new int[] {0, 3, -1}) {
      byte[] image = Images.of(0).with(ByteOrder.LITTLE_ENDIAN, version).with(new byte[10]);
      assertThatThrownBy(() -> open(image))
          .isInstanceOf(StreamException.Unsupported.class)
          .hasMessageContaining("save image of version")
          .hasMessageContaining("at offset 0x10 ");
    }
  }

  @Test
  void aCompressionThatLibvirtDoesNotHaveIsRefused() throws IOException {
    byte[] image = Images.of(0).with(Codecs.compress(Codec.LZ4, Corpus.bytes(STREAM)));
    assertThatThrownBy(() -> open(image))
        .isInstanceOf(StreamException.Malformed.class)
        .hasMessageContaining("lz4 data, which libvirt does not write");
  }

  @Test
  void lengthsThatCannotBeAreRefused() throws IOException {
    byte[] image = Images.of(0).with(Corpus.bytes(STREAM));
    int[][] wrong = {
      {20, 0}, {20, -1}, {20, Integer.MIN_VALUE}, {20, Integer.MAX_VALUE}, {20, (64 << 20) + 1},
      {20, 60 << 20}, {20, 5}, {32, -1}, {32, 1 << 30}, {32, Integer.MIN_VALUE},
    };
    for (int[] field : wrong) {
      byte[] damaged = image.clone();
      ByteBuffer.wrap(damaged).order(ByteOrder.LITTLE_ENDIAN).putInt(field[0], field[1]);
      assertThatThrownBy(() -> open(damaged))
          .as("%d at %d", field[1], field[0])
          .isInstanceOf(StreamException.class);
    }
  }

  @Property(tries = 300)
  void anyByteOfTheHeaderMayBeWrong(
      @ForAll @IntRange(max = 400) int at, @ForAll @IntRange(min = 1, max = 255) int mask)
      throws IOException {
    byte[] image = Images.of(5).with(Codecs.compress(Codec.ZSTD, Corpus.bytes(STREAM)));
    image[at] ^= (byte) mask;
    try {
      open(image).close();
    } catch (StreamException e) {
      assertThat(e.streamOffset()).isBetween(0L, (long) image.length);
    }
  }

  @Test
  void everyPrefixIsRefused() throws IOException {
    byte[] image = Images.of(2).with(Codecs.compress(Codec.BZIP2, Corpus.bytes(STREAM)));
    for (int length = 0; length < image.length; length += length < 450 ? 1 : 997) {
      byte[] cut = Arrays.copyOf(image, length);
      assertThatThrownBy(() -> open(cut))
          .as("%d bytes", length)
          .isInstanceOfSatisfying(
              StreamException.class,
              e -> assertThat(e.streamOffset()).isBetween(0L, (long) cut.length));
    }
  }

  @Test
  void machineAndNameAreTakenFromPlainXmlOnly() {
    assertThat(LibvirtDomain.of(Images.XML))
        .isEqualTo(
            new LibvirtDomain(
                Optional.of("demo"),
                Optional.of("c7a5fdbd-edaf-9455-926a-d65c16db1809"),
                Optional.of("pc-i440fx-10.0")));
    LibvirtDomain unknown = new LibvirtDomain(Optional.empty(), Optional.empty(), Optional.empty());
    String bomb =
        "<!DOCTYPE domain [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;'>"
            + "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;'>]><domain><name>&c;</name></domain>";
    String outside =
        "<!DOCTYPE domain [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
            + "<domain><name>&x;</name></domain>";
    String deep = "<domain>" + "<a>".repeat(100_000);
    String large = "<domain><name>" + "a".repeat(2 << 20) + "</name></domain>";
    for (String xml : new String[] {bomb, outside, deep, large, "", "<", "<other/>", "\0"}) {
      assertThat(LibvirtDomain.of(xml)).isEqualTo(unknown);
    }
  }
}
