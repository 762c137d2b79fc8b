// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.OptionalLong;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.AlphaChars;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GuestLineTest {
  /// As the guest wrote it with `-machine pc -m 512M`.
  static final String HELLO =
      "tidemark-guest 1 ram=536345600 pages=130776 dirty=1000000-9000000 static=85757 zero=12251"
          + " image=100000-108000 ws=134217728 rate=67108864 fill=random tick=1 check=on halt=off"
          + " map=108000-1ffe0000";

  @Test
  void readsHello() {
    assertThat(GuestLine.parse(HELLO))
        .isEqualTo(
            new GuestLine.Hello(
                536345600L,
                130776L,
                new AddressRange(0x1000000, 0x9000000),
                85757L,
                12251L,
                new AddressRange(0x100000, 0x108000),
                134217728L,
                OptionalLong.of(67108864L),
                Fill.RANDOM,
                1,
                true,
                false,
                List.of(new AddressRange(0x108000, 0x1ffe0000))));
  }

  @Test
  void readsHelloOfTwoRangesWithoutARate() {
    GuestLine line =
        GuestLine.parse(
            HELLO
                .replace("rate=67108864", "rate=max")
                .replace("map=108000-1ffe0000", "map=108000-7ffe0000,100000000-200000000"));
    assertThat(line).isInstanceOf(GuestLine.Hello.class);
    GuestLine.Hello hello = (GuestLine.Hello) line;
    assertThat(hello.bytesPerSecond()).isEmpty();
    assertThat(hello.map())
        .containsExactly(
            new AddressRange(0x108000, 0x7ffe0000L),
            new AddressRange(0x1_0000_0000L, 0x2_0000_0000L));
  }

  @Test
  void readsEveryOtherLine() {
    assertThat(GuestLine.parse("ready")).isEqualTo(new GuestLine.Ready());
    assertThat(GuestLine.parse("t 1f a 3e8")).isEqualTo(new GuestLine.Tick(31, 10, 1000));
    assertThat(GuestLine.parse("walk 3 checked=130776 wrong=0"))
        .isEqualTo(new GuestLine.Walk(3, 130776, 0));
    assertThat(
            GuestLine.parse("wrong 1234000 dirty walk=7 at=8 expected=ffffffffffffffff found=10"))
        .isEqualTo(new GuestLine.Wrong(0x1234000, PageClass.DIRTY, 7, 8, -1L, 16));
    assertThat(GuestLine.parse("wrong 5000 zero walk=0 at=1000 expected=0 found=1"))
        .isEqualTo(new GuestLine.Wrong(0x5000, PageClass.ZERO, 0, 4096, 0, 1));
    assertThat(GuestLine.parse("unreported 12 walk=4")).isEqualTo(new GuestLine.Unreported(12, 4));
    assertThat(GuestLine.parse("error bad parameter ws=x"))
        .isEqualTo(new GuestLine.GuestError("bad parameter ws=x"));
    assertThat(GuestLine.parse("panic vector=e rip=101234 error=2 cr2=fee00000"))
        .isEqualTo(new GuestLine.Panic(14, 0x101234, 2, 0xfee00000L));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "t",
        "t 1 2",
        "t 1 2 3 4",
        "t 1 2 g",
        "t -1 2 3",
        "t +1 2 3",
        "t 11111111111111111 2 3",
        " t 1 2 3",
        "ready now",
        "walk 1 checked=2",
        "walk 1 wrong=0 checked=2",
        "walk x checked=2 wrong=0",
        "wrong 1000 stale walk=0 at=0 expected=0 found=1",
        "wrong 1000 zero walk=0 at=fffffffff expected=0 found=1",
        "panic vector=fffffffff rip=0 error=0 cr2=0",
        "tidemark-guest",
        "tidemark-guest 2 ram=1",
        "tidemark-guest 1 ram=1",
        "SeaBIOS (version 1.16.3)"
      })
  void whatIsNotOfTheProtocolIsOther(String text) {
    assertThat(GuestLine.parse(text)).isEqualTo(new GuestLine.Other(text));
  }

  @Test
  void noLineCutAtItsFrontIsTakenForAnother() {
    String[] lines = {
      HELLO,
      "ready",
      "t 1f a 3e8",
      "walk 3 checked=130776 wrong=0",
      "wrong 1234000 dirty walk=7 at=8 expected=1 found=10",
      "unreported 12 walk=4",
      "panic vector=e rip=101234 error=2 cr2=fee00000"
    };
    for (String line : lines) {
      for (int cut = 1; cut < line.length(); cut++) {
        assertThat(GuestLine.parse(line.substring(cut)))
            .as(line.substring(cut))
            .isInstanceOf(GuestLine.Other.class);
      }
    }
  }

  @Property
  void anyTextIsRead(
      @ForAll @AlphaChars @Chars({' ', '=', '-', ',', '0', '1', 't'}) @StringLength(max = 40)
          String text) {
    assertThat(GuestLine.parse(text)).isNotNull();
    assertThat(GuestLine.parse("t " + text)).isNotNull();
    assertThat(GuestLine.parse("tidemark-guest 1 map=" + text)).isNotNull();
  }
}
