// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.stream.fixture.MemorySource;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/// What any image holds comes out of it.
class Qcow2PropertyTest {
  @Provide
  Arbitrary<ImageWriter.Form> forms() {
    return Combinators.combine(
            Arbitraries.of(2, 3),
            Arbitraries.integers().between(9, 16),
            Arbitraries.of(false, true),
            Arbitraries.of(false, true),
            Arbitraries.of(0, 8, 16, 24, 40))
        .as(
            (version, bits, extended, zstd, extra) ->
                new ImageWriter.Form(
                    version,
                    version == 3 && extended ? Math.max(14, bits) : bits,
                    version == 3 && extended,
                    version == 3 && zstd,
                    extra,
                    true));
  }

  @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
  void vmStateIsWhatWasSaved(
      @ForAll("forms") ImageWriter.Form form,
      @ForAll @IntRange(max = 4) int count,
      @ForAll long seed)
      throws IOException {
    Random random = new Random(seed);
    List<ImageWriter.Snapshot> snapshots = new ArrayList<>();
    long diskSize = random.nextInt(4 << 20);
    for (int i = 0; i < count; i++) {
      // Where the table does not hold it, it is that of the image.
      long own = form.extraLength() >= 16 ? random.nextInt(4 << 20) : diskSize;
      byte[] state = random.nextInt(4) == 0 ? new byte[0] : state(random, form);
      snapshots.add(new ImageWriter.Snapshot("" + (i + 1), "name " + i, state, own));
    }
    byte[] bytes = ImageWriter.write(form, diskSize, snapshots, seed);
    Qcow2Image image = Qcow2Image.open(new MemorySource(bytes));
    assertThat(image.version()).isEqualTo(form.version());
    assertThat(image.clusterSize()).isEqualTo(form.clusterSize());
    assertThat(image.snapshots()).hasSize(count);
    for (int i = 0; i < count; i++) {
      ImageWriter.Snapshot written = snapshots.get(i);
      Qcow2Snapshot snapshot = image.snapshots().get(i);
      assertThat(snapshot.id()).isEqualTo(written.id());
      assertThat(snapshot.name()).isEqualTo(written.name());
      assertThat(snapshot.vmStateSize()).isEqualTo(written.state().length);
      if (snapshot.hasVmState()) {
        assertSame(image.vmState(snapshot), written.state(), random);
      }
    }
  }

  /// Bytes with stretches of zeroes, of any length.
  private static byte[] state(Random random, ImageWriter.Form form) {
    byte[] state = new byte[4 + random.nextInt(20 * form.clusterSize())];
    random.nextBytes(state);
    for (int i = random.nextInt(12); i > 0; i--) {
      int at = random.nextInt(state.length);
      int to = Math.min(state.length, at + random.nextInt(3 * form.clusterSize()));
      Arrays.fill(state, at, to, (byte) 0);
    }
    System.arraycopy(ImageWriter.MAGIC, 0, state, 0, 4);
    return state;
  }

  private static void assertSame(ByteSource source, byte[] state, Random random)
      throws IOException {
    assertThat(source.size()).isEqualTo(state.length);
    byte[] all = new byte[state.length + 10];
    assertThat(source.read(0, MemorySegment.ofArray(all))).isEqualTo(state.length);
    assertThat(Arrays.equals(Arrays.copyOf(all, state.length), state)).isTrue();
    for (int i = 0; i < 20; i++) {
      int at = random.nextInt(state.length + 5);
      byte[] piece = new byte[random.nextInt(100_000)];
      int expected = Math.clamp(state.length - at, 0, piece.length);
      assertThat(source.read(at, MemorySegment.ofArray(piece))).isEqualTo(expected);
      assertThat(
              Arrays.equals(
                  piece,
                  0,
                  expected,
                  state,
                  Math.min(at, state.length),
                  Math.min(at, state.length) + expected))
          .isTrue();
    }
  }
}
