// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.github.luben.zstd.Zstd;
import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// A whole archive, byte by byte: three pages of 512 bytes, one with content, one zero, one
/// missing. A change here is a change of the format.
class ArchiveGoldenTest {
  private final ByteSink golden = new ByteSink();

  private void hex(String bytes) {
    golden.bytes(HexFormat.of().parseHex(bytes.replace(" ", "")));
  }

  private static byte[] page() {
    byte[] page = new byte[512];
    Arrays.fill(page, (byte) 0xaa);
    return page;
  }

  private static byte[] written(Manifest manifest, Compression compression) throws IOException {
    MemoryTarget target = new MemoryTarget();
    ArchivePrologue prologue =
        new ArchivePrologue(
            Optional.of(Archives.configuration("pc")),
            new byte[0],
            List.of(new RamBlock(0, "ram", 1536)),
            512,
            2,
            true);
    try (ArchiveWriter writer =
        ArchiveWriter.begin(
            target, ArchiveOptions.DEFAULT.withCompression(compression), prologue)) {
      PageBlock block = writer.newPageBlock();
      block.page(0, 512, MemorySegment.ofArray(page()), 0);
      block.zeroPage(0, 0);
      writer.newCompressor().compress(block);
      writer.write(block);
      writer.finish(new DeviceState(new byte[] {4, 1, 2, 3}, Optional.of("{}")), manifest);
    }
    return target.toByteArray();
  }

  private void header() {
    hex("5a2a4d18 2c000000"); // skippable frame, 44 bytes
    hex("54494445 4d41524b"); // TIDEMARK
    hex("01000000 00020000"); // version 1, target page size 512
    hex("0000000000000000"); // incompatible features
    hex("0000000000000000"); // compatible features
    hex("01000000 00000100"); // body encoding LZ4, blocks of 64 KiB
    hex("758c749a"); // CRC-32C
  }

  private void body() {
    hex("04224d18 70 40 ad"); // LZ4 frame: independent blocks, block checksums, 64 KiB
    // Archive block 0: what comes before the pages.
    hex("46000080"); // 70 bytes, stored
    hex("5145564d 00000003"); // QEVM, version 3
    hex("07 00000002 7063"); // configuration: pc
    hex("01 00000002 03 72616d 00000000 00000004"); // START, id 2, ram, instance 0, version 4
    hex("0000000000000604 03 72616d 0000000000000600"); // MEM_SIZE 1536: ram, 1536
    hex("0000000000000010 7e 00000002"); // EOS, footer
    hex("02 00000002"); // PART, id 2
    hex("ee2bda47"); // XXH32
    // Archive block 1: the pages.
    hex("15020080"); // 533 bytes, stored
    hex("0000000000000208 03 72616d"); // PAGE at 0x200 of ram
    golden.bytes(page());
    hex("0000000000000022 00"); // ZERO, CONTINUE at 0
    hex("cf6b921d"); // XXH32
    // Archive block 2: what comes behind them.
    hex("2b000080"); // 43 bytes, stored
    hex("0000000000000010 7e 00000002"); // EOS, footer
    hex("03 00000002 0000000000000010 7e 00000002"); // END, EOS, footer
    hex("04010203"); // device sections
    hex("00 06 00000002 7b7d"); // EOF, vmdesc {}
    hex("b561f4c0"); // XXH32
    hex("00000000"); // end mark
  }

  private void sections(Manifest manifest) {
    hex("5b2a4d18 2a000000 42544142 00000000"); // 0x2dd BTAB
    hex("0000000000000000 0300000000000000"); // from block 0, 3 blocks
    hex("00000000 05000000 50"); // 5 bytes unpacked; LZ4: 5 literals
    hex("8d01 ab08 57"); // 70 << 1 | 1, 533 << 1 | 1, 43 << 1 | 1
    hex("106867fb"); // CRC-32C
    hex("5b2a4d18 2a000000 50494458 00000000"); // 0x30f PIDX
    hex("0000000000000000 0300000000000000"); // from page 0, 3 pages
    hex("03000000 05000000 50"); // 3 runs, 5 bytes unpacked; LZ4: 5 literals
    hex("05"); // one zero page
    hex("06 02 0c"); // one page with content: block +1, offset 12
    hex("04"); // one missing page
    hex("fe3db26b"); // CRC-32C
    hex("5b2a4d18 7e000000 46414354 00000000"); // 0x341 FACT
    hex("07000000 00020000 02000000 00000100"); // flags, page size, section id, block content
    hex("8602000000000000"); // 646 bytes of content
    hex("0100000000000000 0100000000000000 0100000000000000"); // blocks: before, pages, behind
    hex("0200000000000000 0100000000000000"); // 2 records, 1 zero page
    hex("0300000000000000 0400000000000000 02000000"); // runs, device bytes, vmdesc bytes
    hex("06000000 00000002 7063"); // configuration
    hex("00000000"); // early sections
    hex("01000000 0006000000000000 03 72616d"); // one RAM block: 1536, ram
    hex("d588836d"); // CRC-32C
    byte[] json = ManifestJson.write(manifest).getBytes(UTF_8);
    golden.bytes(Section.frame(SectionDescriptor.MANIFEST, json)); // 0x3c7 MANI
    hex("5b2a4d18 2c000000 53484132 00000000"); // 0x538 SHA2
    hex("ccf13f1e2cc846558e8bb750fff93e77a45ab1d1daf692ea5ae089a174fa50f8");
    hex("cf1ffbf8"); // CRC-32C
    hex("5b2a4d18 84000000 53544142 00000000"); // 0x56c STAB
    hex("42544142 00000000 dd02000000000000 3200000000000000"); // BTAB at 0x2dd, 50 bytes
    hex("50494458 00000000 0f03000000000000 3200000000000000"); // PIDX
    hex("46414354 00000000 4103000000000000 8600000000000000"); // FACT
    hex("4d414e49 00000000 c703000000000000 7101000000000000"); // MANI
    hex("53484132 00000000 3805000000000000 3400000000000000"); // SHA2
    hex("59095d36"); // CRC-32C
  }

  private void trailer() {
    hex("5c2a4d18 60000000"); // skippable frame, 96 bytes
    hex("544d4b54 5241494c"); // TMKTRAIL
    hex("dd02000000000000 6c05000000000000"); // end of the body, section table
    hex("6006000000000000 8602000000000000"); // file size, content
    hex("0598294bebf4c76c965cef45805bf919d388b1d446b312e6880221c49e607421"); // SHA-256
    hex("0300000000000000 00000000"); // archive blocks, 0
    hex("e12bbef2"); // CRC-32C
    hex("4c494152 544b4d54"); // LIARTKMT
  }

  @Test
  void wholeArchive() throws IOException {
    Manifest manifest = ManifestJson.read("{}", 0);
    header();
    body();
    sections(manifest);
    trailer();
    assertThat(HexFormat.of().formatHex(written(manifest, Compression.NONE)))
        .isEqualTo(HexFormat.of().formatHex(golden.toByteArray()));
    ArchiveVerifier.verify(ByteSource.of(golden.toByteArray()), Progress.NONE);
  }

  /// The body in zstd: one frame a block, as RFC 8878 spells it, with nothing between.
  @Test
  void bodyOfZstdFrames() throws IOException {
    byte[] file = written(ManifestJson.read("{}", 0), Compression.ZSTD);
    ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(in.getInt(40)).as("body encoding").isEqualTo(2);
    in.position(52);
    int[] contents = {70, 533, 43};
    for (int content : contents) {
      int start = in.position();
      assertThat(in.getInt()).isEqualTo(0xFD2FB528);
      // Content size, single segment, checksum, no dictionary.
      boolean small = content < 256;
      assertThat(in.get()).isEqualTo((byte) (small ? 0x24 : 0x64));
      assertThat(small ? in.get() & 0xff : in.getShort() + 256).isEqualTo(content);
      int length = (int) Zstd.findFrameCompressedSize(file, start);
      byte[] frame = Arrays.copyOfRange(file, start, start + length);
      MemorySegment bytes = MemorySegment.ofArray(frame);
      assertThat(ZstdFrameDescriptor.frameLength(bytes, length, content)).isEqualTo(length);
      assertThat(ZstdFrameDescriptor.frameLength(bytes, length, content - 1))
          .isEqualTo(ZstdFrameDescriptor.NO_FRAME);
      assertThat(ZstdFrameDescriptor.frameLength(bytes, length - 1, content))
          .isEqualTo(ZstdFrameDescriptor.CUT);
      in.position(start + length);
    }
    // The first section follows: its table says the frames' lengths, shifted by one.
    assertThat(in.getInt()).isEqualTo(0x184D2A5B);
    body();
    byte[] lz4 = golden.toByteArray();
    golden.clear();
    header();
    golden.bytes(lz4);
    assertThat(BodyParser.decompress(file)).isEqualTo(BodyParser.decompress(golden.toByteArray()));
    ArchiveVerifier.verify(ByteSource.of(file), Progress.NONE);
  }

  /// Frames written by hand, whose blocks are stored, read as any other.
  @Test
  void zstdFrameOfStoredBlocks() {
    byte[] content = "QEVM".getBytes(US_ASCII);
    hex("28b52ffd 24 04"); // magic, single segment and checksum, 4 bytes
    hex("210000"); // last block, stored, 4 bytes
    golden.bytes(content);
    hex("e1b76e7f"); // lower half of XXH64
    byte[] frame = golden.toByteArray();
    Slab slab = Slab.allocate(64);
    MemorySegment.copy(MemorySegment.ofArray(frame), 0, slab.segment(), 0, frame.length);
    ZstdBlockDecoder decoder = new ZstdBlockDecoder(ArchiveOptions.BLOCK_64_KIB);
    assertThatCode(() -> decoder.decode(slab, frame.length, 0)).doesNotThrowAnyException();
    assertThat(decoder.content().asSlice(0, decoder.length()).toArray(ValueLayout.JAVA_BYTE))
        .isEqualTo(content);
  }
}
