// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import static dev.tidemark.checkpoint.archive.Archives.PAGE;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.github.luben.zstd.Zstd;
import dev.tidemark.stream.ram.RamBlock;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jpountz.lz4.LZ4Factory;

/// An independent reader of an archive's body: frames walked as the specifications of LZ4 and zstd
/// say, the stream parsed as QEMU does. It uses none of the archive's own sections.
final class BodyParser {
  private BodyParser() {}

  /// What the stream says.
  record Body(List<RamBlock> blocks, Map<Long, byte[]> pages, byte[] devices, String vmdesc) {}

  static byte[] decompress(byte[] file) {
    ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int frames = 0;
    while (in.hasRemaining()) {
      int magic = in.getInt();
      if ((magic & ~0xf) == 0x184D2A50) {
        int length = in.getInt();
        in.position(in.position() + length);
        continue;
      }
      if (magic == 0xFD2FB528) {
        in.position(in.position() - 4);
        byte[] frame = new byte[(int) Zstd.findFrameCompressedSize(file, in.position())];
        in.get(frame);
        out.writeBytes(Zstd.decompress(frame, (int) Zstd.getFrameContentSize(frame)));
        continue;
      }
      assertThat(magic).isEqualTo(0x184D2204);
      frames++;
      in.position(in.position() + 3);
      for (int size = in.getInt(); size != 0; size = in.getInt()) {
        byte[] data = new byte[size & 0x7fffffff];
        in.get(data);
        in.getInt();
        out.writeBytes(
            size < 0
                ? data
                : LZ4Factory.safeInstance().safeDecompressor().decompress(data, 256 << 10));
      }
    }
    assertThat(frames).isLessThanOrEqualTo(1);
    return out.toByteArray();
  }

  static Body parse(byte[] stream, boolean footers) {
    ByteBuffer in = ByteBuffer.wrap(stream);
    assertThat(in.getLong()).isEqualTo(0x5145564d_00000003L);
    assertThat(in.get()).isEqualTo((byte) 7);
    assertThat(string(in, in.getInt())).isEqualTo("pc");
    assertThat(in.get()).isEqualTo((byte) 1);
    assertThat(in.getInt()).isEqualTo(2);
    assertThat(string(in, in.get())).isEqualTo("ram");
    assertThat(in.getLong()).isEqualTo(4);
    long total = in.getLong();
    assertThat(total & (PAGE - 1)).isEqualTo(4);
    List<RamBlock> blocks = new ArrayList<>();
    for (long left = total - 4; left > 0 || blocks.isEmpty() || in.get(in.position()) != 0; ) {
      blocks.add(new RamBlock(blocks.size(), string(in, in.get()), in.getLong()));
      left -= blocks.getLast().usedLength();
    }
    assertThat(in.getLong()).isEqualTo(0x10);
    footer(in, footers);
    assertThat(in.get()).isEqualTo((byte) 2);
    assertThat(in.getInt()).isEqualTo(2);
    Map<Long, byte[]> pages = pages(in, blocks);
    footer(in, footers);
    assertThat(in.get()).isEqualTo((byte) 3);
    assertThat(in.getInt()).isEqualTo(2);
    assertThat(in.getLong()).isEqualTo(0x10);
    footer(in, footers);
    byte[] devices = new byte[Archives.DEVICES.sections().length];
    in.get(devices);
    assertThat(in.get()).isEqualTo((byte) 0);
    assertThat(in.get()).isEqualTo((byte) 6);
    String vmdesc = string(in, in.getInt());
    assertThat(in.hasRemaining()).isFalse();
    return new Body(blocks, pages, devices, vmdesc);
  }

  private static Map<Long, byte[]> pages(ByteBuffer in, List<RamBlock> blocks) {
    RamLayout layout = new RamLayout(blocks, PAGE);
    Map<Long, byte[]> pages = new TreeMap<>();
    int block = -1;
    for (long word = in.getLong(); word != 0x10; word = in.getLong()) {
      int flags = (int) (word & (PAGE - 1));
      if ((flags & 0x20) == 0) {
        String name = string(in, in.get());
        block = blocks.stream().filter(b -> b.idstr().equals(name)).findAny().get().index();
      }
      byte[] page = new byte[PAGE];
      if ((flags & 0x08) != 0) {
        in.get(page);
      } else {
        assertThat(flags & ~0x20).isEqualTo(2);
        assertThat(in.get()).isZero();
      }
      pages.put(layout.pageNumber(block, word & -PAGE), page);
    }
    return pages;
  }

  private static void footer(ByteBuffer in, boolean footers) {
    if (footers) {
      assertThat(in.get()).isEqualTo((byte) 0x7e);
      assertThat(in.getInt()).isEqualTo(2);
    }
  }

  private static String string(ByteBuffer in, int length) {
    byte[] bytes = new byte[length];
    in.get(bytes);
    return new String(bytes, US_ASCII);
  }
}
