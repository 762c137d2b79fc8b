// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.stream.StreamException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Every prefix, every single byte changed, and sections that lie with right checksums.
class ArchiveHostileTest {
  private static byte[] archive(Compression compression) throws IOException {
    return Archives.small(ArchiveOptions.DEFAULT.withCompression(compression));
  }

  @ParameterizedTest
  @EnumSource(names = {"LZ4", "ZSTD"})
  void everyPrefixIsTruncated(Compression compression) throws IOException {
    byte[] file = archive(compression);
    for (int length = 0; length < file.length; length++) {
      byte[] prefix = Arrays.copyOf(file, length);
      assertThat(Mutations.verify(prefix))
          .as("%d of %d bytes", length, file.length)
          .isInstanceOf(StreamException.Truncated.class);
      assertThat(Mutations.readAll(prefix)).isInstanceOf(StreamException.Truncated.class);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"LZ4", "ZSTD"})
  void fileWithoutTrailerSaysThatItIsIncomplete(Compression compression) throws IOException {
    byte[] file = archive(compression);
    assertThat(Mutations.verify(Arrays.copyOf(file, file.length - TrailerDescriptor.SIZE)))
        .isInstanceOf(StreamException.Truncated.class)
        .hasMessageStartingWith("incomplete: no trailer at offset 0x");
  }

  @ParameterizedTest
  @EnumSource(names = {"LZ4", "ZSTD"})
  void everyChangedByteIsFound(Compression compression) throws IOException {
    byte[] file = archive(compression);
    for (int at = 0; at < file.length; at++) {
      for (int flip : new int[] {1, 0x80, 0xff}) {
        byte[] changed = file.clone();
        changed[at] ^= (byte) flip;
        StreamException found = Mutations.verify(changed);
        assertThat(found)
            .as("byte 0x%x ^ 0x%x", at, flip)
            .isInstanceOf(StreamException.Malformed.class);
        Mutations.readAll(changed);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"LZ4", "ZSTD"})
  void changedTrailerIsDamagedNotMissing(Compression compression) throws IOException {
    byte[] file = archive(compression);
    for (int at = file.length - TrailerDescriptor.SIZE; at < file.length; at++) {
      byte[] changed = file.clone();
      changed[at] ^= 0x20;
      assertThat(Mutations.readAll(changed))
          .isInstanceOf(StreamException.Malformed.class)
          .hasMessageContaining("while reading trailer");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"LZ4", "ZSTD"})
  void sectionsThatLieAreFoundOut(Compression compression) throws IOException {
    byte[] file = archive(compression);
    int trailer = file.length - TrailerDescriptor.SIZE;
    int bodyEnd = (int) Bytes.getLong(file, trailer + TrailerDescriptor.BODY_END_OFFSET);
    byte[] values = {0, 1, 2, 3, 0x7f, (byte) 0x80, (byte) 0xff};
    for (int at = bodyEnd; at < trailer; at++) {
      for (byte value : values) {
        byte[] changed = file.clone();
        changed[at] = value;
        boolean found = lie(changed, bodyEnd, trailer);
        boolean same = changed[at] == file[at];
        if (!same && !isFree(file, bodyEnd, at)) {
          assertThat(found).as("byte 0x%x = 0x%x", at, value).isTrue();
        }
      }
    }
  }

  /// Whether another byte there can say the same: nothing but its checksum speaks for a manifest,
  /// and half of an LZ4 block's last token is not used.
  private static boolean isFree(byte[] file, int bodyEnd, int offset) {
    int at = bodyEnd;
    while (true) {
      int end = at + 8 + Bytes.getInt(file, at + SectionDescriptor.FRAME_LENGTH_OFFSET);
      if (offset < end) {
        int tag = Bytes.getInt(file, at + SectionDescriptor.TAG_OFFSET);
        int packed = at + SectionDescriptor.PAYLOAD_OFFSET + PageIndexDescriptor.HEADER_SIZE;
        boolean part = tag == SectionDescriptor.BLOCK_TABLE || tag == SectionDescriptor.PAGE_INDEX;
        return tag == SectionDescriptor.MANIFEST || (part && offset == packed);
      }
      at = end;
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"LZ4", "ZSTD"})
  void sectionsOfNoiseAreFoundOut(Compression compression) throws IOException {
    byte[] file = archive(compression);
    int trailer = file.length - TrailerDescriptor.SIZE;
    int bodyEnd = (int) Bytes.getLong(file, trailer + TrailerDescriptor.BODY_END_OFFSET);
    Random random = new Random(7);
    for (int i = 0; i < 5000; i++) {
      byte[] changed = file.clone();
      for (int k = 1 + random.nextInt(8); k > 0; k--) {
        changed[bodyEnd + random.nextInt(trailer - bodyEnd)] = (byte) random.nextInt();
      }
      lie(changed, bodyEnd, trailer);
    }
  }

  /// Reads an archive whose checksums are right and whose sections need not be. Where the frames
  /// themselves are broken there is nothing to seal.
  ///
  /// @return whether verifying finds something
  private static boolean lie(byte[] file, int bodyEnd, int trailer) {
    int at = bodyEnd;
    while (at >= bodyEnd && at < trailer) {
      at += 8 + Bytes.getInt(file, at + SectionDescriptor.FRAME_LENGTH_OFFSET);
    }
    if (at == trailer) {
      Mutations.reseal(file);
    }
    @Nullable StreamException read = Mutations.readAll(file);
    @Nullable StreamException verified = Mutations.verify(file);
    if (read != null) {
      assertThat(verified).as("found by reading: %s", read).isNotNull();
    }
    return verified != null;
  }
}
