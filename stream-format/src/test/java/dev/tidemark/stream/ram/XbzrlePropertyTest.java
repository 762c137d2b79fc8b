// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.ram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.stream.StreamException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class XbzrlePropertyTest {
  /// Two versions of a page.
  record Versions(byte[] former, byte[] page) {}

  /// Pages that differ in a few runs, of lengths on both sides of what 7 and 14 bits hold.
  @Provide
  Arbitrary<Versions> versions() {
    Arbitrary<Integer> lengths =
        Arbitraries.frequencyOf(
            net.jqwik.api.Tuple.of(4, Arbitraries.integers().between(0, 200)),
            net.jqwik.api.Tuple.of(1, Arbitraries.of(127, 128, 129, 16382, 16383, 16384, 16385)),
            net.jqwik.api.Tuple.of(1, Arbitraries.integers().between(0, 40000)));
    return Combinators.combine(
            Arbitraries.of(1024, 4096, 16384, 65536, 65536),
            Arbitraries.randoms(),
            lengths.array(int[].class).ofMaxSize(9))
        .as((size, random, runs) -> versions(size, random, runs));
  }

  private static Versions versions(int size, Random random, int[] runs) {
    byte[] former = new byte[size];
    random.nextBytes(former);
    byte[] page = former.clone();
    int at = 0;
    for (int i = 0; i < runs.length; i++) {
      int end = Math.min(size, at + runs[i]);
      for (; at < end; at++) {
        if (i % 2 == 1) {
          page[at] ^= (byte) (1 + random.nextInt(255));
        }
      }
    }
    return new Versions(former, page);
  }

  private static byte[] encoded(byte[] former, byte[] page) {
    byte[] delta = new byte[page.length + 64];
    Arrays.fill(delta, page.length, delta.length, (byte) 0x5a);
    int limit = Math.min(page.length, 0xffff);
    int length =
        Xbzrle.encode(
            MemorySegment.ofArray(former),
            0,
            MemorySegment.ofArray(page),
            0,
            page.length,
            MemorySegment.ofArray(delta),
            0,
            limit);
    assertThat(length).isBetween(Xbzrle.OVERFLOW, limit);
    for (int i = page.length; i < delta.length; i++) {
      assertThat(delta[i]).isEqualTo((byte) 0x5a);
    }
    return length == Xbzrle.OVERFLOW ? new byte[0] : Arrays.copyOf(delta, length);
  }

  private static byte[] decoded(byte[] former, byte[] delta) throws StreamException.Malformed {
    byte[] page = former.clone();
    Xbzrle.decode(
        MemorySegment.ofArray(delta),
        0,
        delta.length,
        MemorySegment.ofArray(page),
        0,
        page.length,
        1000);
    return page;
  }

  @Property(tries = 2000)
  void decodingGivesBackWhatWasEncoded(@ForAll("versions") Versions v)
      throws StreamException.Malformed {
    byte[] delta = encoded(v.former, v.page);
    if (delta.length > 0) {
      assertThat(decoded(v.former, delta)).isEqualTo(v.page);
    } else if (!Arrays.equals(v.former, v.page)) {
      // Overflow: much has changed, or a run that 14 bits cannot say.
      assertThat(changed(v) * 3 > v.page.length || longestChange(v) > 0x3fff).isTrue();
    }
  }

  private static int changed(Versions v) {
    int changed = 0;
    for (int i = 0; i < v.page.length; i++) {
      changed += v.page[i] != v.former[i] ? 1 : 0;
    }
    return changed;
  }

  private static int longestChange(Versions v) {
    int longest = 0;
    int run = 0;
    for (int i = 0; i < v.page.length; i++) {
      run = v.page[i] != v.former[i] ? run + 1 : 0;
      longest = Math.max(longest, run);
    }
    return longest;
  }

  @Property(tries = 2000)
  void anyBytesAreADeltaOrMalformed(
      @ForAll byte[] delta, @ForAll @net.jqwik.api.constraints.IntRange(max = 9) int bits) {
    byte[] former = new byte[1024 >> bits];
    try {
      byte[] page = decoded(former, delta);
      assertThat(page).hasSameSizeAs(former);
    } catch (StreamException.Malformed e) {
      assertThat(e.streamOffset()).isBetween(1000L, 1000L + delta.length);
    }
  }

  /// The model: QEMU's loader read byte by byte.
  @Property(tries = 3000)
  void acceptsWhatTheModelAccepts(@ForAll("deltas") byte[] delta) {
    byte[] former = new byte[1024];
    int fault = Xbzrle.fault(MemorySegment.ofArray(delta), 0, delta.length, 1024);
    assertThat(fault < 0).isEqualTo(accepted(delta, former.length));
  }

  @Provide
  Arbitrary<byte[]> deltas() {
    return Arbitraries.of(0, 0, 1, 2, 3, 5, 0x7f, 0x80, 0x81, 0x83, 0xff)
        .map(Integer::byteValue)
        .array(byte[].class)
        .ofMaxSize(14);
  }

  private static boolean accepted(byte[] delta, int pageSize) {
    int at = 0;
    int covered = 0;
    while (at < delta.length) {
      for (int part = 0; part < 2; part++) {
        if (delta.length - at < 2) {
          return false;
        }
        int run = delta[at] & 0x7f;
        if (delta[at++] < 0) {
          if (delta[at] < 0) {
            return false;
          }
          run += delta[at++] * 128;
        }
        if (run == 0 && (part == 1 || covered > 0)) {
          return false;
        }
        covered += run;
        at += part * run;
        if (covered > pageSize || at > delta.length) {
          return false;
        }
      }
    }
    return true;
  }

  @Example
  void goldenBytes() throws StreamException.Malformed {
    byte[] former = new byte[1024];
    byte[] page = former.clone();
    page[3] = 7; // keep 3, 1 new
    page[204] = 8; // keep 200, 2 new
    page[205] = 9;
    byte[] delta = encoded(former, page);
    assertThat(HexFormat.of().formatHex(delta))
        .isEqualTo(
            "03"
                + "01"
                + "07" // 3 kept, 1 new
                + "c801"
                + "02"
                + "0809"); // 200 kept, 2 new; the rest is kept unsaid
    assertThat(decoded(former, delta)).isEqualTo(page);
    assertThat(encoded(page, page)).isEmpty();
  }

  @Example
  void whatBreaksTheFormatHasAnOffset() {
    malformed("00", 1000); // one length alone
    malformed("0000", 1001); // second length missing
    malformed("0100ff", 1001); // no new bytes
    malformed("0001aa 0001bb", 1003); // a second pair that keeps nothing
    malformed("8080 01aa", 1000); // three-byte length
    malformed("ff0f 01aa", 1000); // beyond the page
    malformed("0003aabb", 1001); // new bytes missing
    malformed("ff07 02aabb", 1002); // new bytes beyond the page
  }

  private static void malformed(String hex, long offset) {
    byte[] delta = HexFormat.of().parseHex(hex.replace(" ", ""));
    assertThatThrownBy(() -> decoded(new byte[1024], delta))
        .isInstanceOf(StreamException.Malformed.class)
        .extracting(e -> ((StreamException) e).streamOffset())
        .isEqualTo(offset);
  }
}
