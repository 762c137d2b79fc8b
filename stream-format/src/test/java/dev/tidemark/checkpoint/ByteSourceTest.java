// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.stream.fixture.PieceChannel;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ByteSourceTest {
  private static final byte[] BYTES = {10, 11, 12, 13, 14, 15, 16, 17, 18, 19};

  @TempDir Path folder;

  enum Kind {
    FILE,
    SPARSE,
    MAPPED,
    SPOOLED,
    ARRAY,
    NATIVE
  }

  private ByteSource source(Kind kind) throws IOException {
    return switch (kind) {
      case FILE -> ByteSource.of(Files.write(folder.resolve("f"), BYTES));
      case SPARSE -> ByteSource.sparse(Files.write(folder.resolve("s"), BYTES));
      case MAPPED -> ByteSource.mapped(Files.write(folder.resolve("m"), BYTES));
      case SPOOLED -> ByteSource.spooled(PieceChannel.ofSize(BYTES, 3), folder);
      case ARRAY -> ByteSource.of(BYTES.clone());
      case NATIVE -> ByteSource.of(Arena.ofAuto().allocateFrom(ValueLayout.JAVA_BYTE, BYTES));
    };
  }

  @ParameterizedTest
  @EnumSource
  void readsFillTheTargetAndAreShortOnlyAtTheEnd(Kind kind) throws IOException {
    try (ByteSource source = source(kind)) {
      assertThat(source.size()).isEqualTo(10);
      for (MemorySegment target :
          new MemorySegment[] {MemorySegment.ofArray(new byte[4]), Arena.ofAuto().allocate(4)}) {
        assertThat(source.read(3, target)).isEqualTo(4);
        assertThat(target.toArray(ValueLayout.JAVA_BYTE)).containsExactly(13, 14, 15, 16);
        assertThat(source.read(8, target)).isEqualTo(2);
        assertThat(target.toArray(ValueLayout.JAVA_BYTE)).containsExactly(18, 19, 15, 16);
        assertThat(source.read(10, target)).isZero();
        assertThat(source.read(Long.MAX_VALUE, target)).isZero();
        assertThatThrownBy(() -> source.read(-1, target))
            .isInstanceOf(IllegalArgumentException.class);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void readsIntoTheRoomOfABuffer(Kind kind) throws IOException {
    try (ByteSource source = source(kind)) {
      for (ByteBuffer target : new ByteBuffer[] {ByteBuffer.allocate(8), direct(8)}) {
        assertThat(source.read(2, target.position(1).limit(4))).isEqualTo(3);
        assertThat(target.position()).isEqualTo(4);
        assertThat(source.read(9, target.limit(8))).isEqualTo(1);
        assertThat(target.position()).isEqualTo(5);
        assertThat(target.limit()).isEqualTo(8);
        assertThat(source.read(10, target)).isZero();
        byte[] got = new byte[8];
        target.get(0, got);
        assertThat(got).containsExactly(0, 12, 13, 14, 19, 0, 0, 0);
      }
    }
  }

  private static ByteBuffer direct(int size) {
    return ByteBuffer.allocateDirect(size);
  }

  @ParameterizedTest
  @EnumSource
  void nativeMemoryIsOfferedAsItIs(Kind kind) throws IOException {
    try (ByteSource source = source(kind)) {
      boolean inMemory = kind == Kind.MAPPED || kind == Kind.NATIVE;
      assertThat(source.memory().isPresent()).isEqualTo(inMemory);
      if (inMemory) {
        MemorySegment memory = source.memory().orElseThrow();
        assertThat(memory.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(BYTES);
        assertThat(memory.isReadOnly()).isTrue();
      }
    }
  }

  @Test
  void mappedFileThatIsCutIsAnIOException() throws IOException {
    Path file = Files.write(folder.resolve("cut-map"), new byte[20_000]);
    try (ByteSource source = ByteSource.mapped(file);
        FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(100);
      assertThatThrownBy(() -> source.read(8192, MemorySegment.ofArray(new byte[4096])))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("was cut");
    }
  }

  @Test
  void fileCutBehindOurBackEndsEarly() throws IOException {
    Path file = Files.write(folder.resolve("cut"), BYTES);
    try (ByteSource source = ByteSource.of(file);
        FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(5);
      assertThat(source.read(3, MemorySegment.ofArray(new byte[4]))).isEqualTo(2);
      assertThat(source.size()).isEqualTo(10);
    }
  }

  @Test
  void aSparseFileTellsItsHoles() throws IOException {
    long mib = 1 << 20;
    Path file = folder.resolve("sparse");
    try (FileChannel out =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      out.write(ByteBuffer.wrap(new byte[] {1}));
      out.write(ByteBuffer.wrap(new byte[] {2}), 32 * mib);
      out.write(ByteBuffer.wrap(new byte[] {0}), 64 * mib - 1);
    }
    try (ByteSource source = ByteSource.sparse(file)) {
      assertThat(source.size()).isEqualTo(64 * mib);
      assertThat(source.nextData(0)).isZero();
      assertThat(source.nextData(32 * mib)).isEqualTo(32 * mib);
      assertThat(source.nextData(64 * mib)).isEqualTo(64 * mib);
      boolean told = ByteSource.class.getModule().isNativeAccessEnabled();
      assertThat(source.nextData(mib)).isEqualTo(told ? 32 * mib : mib);
      MemorySegment two = MemorySegment.ofArray(new byte[2]);
      assertThat(source.read(32 * mib, two)).isEqualTo(2);
      assertThat(two.toArray(ValueLayout.JAVA_BYTE)).containsExactly(2, 0);
    }
    try (ByteSource source = ByteSource.of(file)) {
      assertThat(source.nextData(mib)).isEqualTo(mib);
    }
  }
}
