// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import static dev.tidemark.stream.fixture.Hex.HEAD;
import static dev.tidemark.stream.fixture.Hex.RAM_START;
import static dev.tidemark.stream.fixture.Hex.bytes;
import static dev.tidemark.stream.fixture.Hex.name;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.stream.fixture.SourceKind;
import org.junit.jupiter.api.Test;

class StreamLimitsTest {
  private static final StreamLimits DEFAULT = StreamLimits.DEFAULT;

  @Test
  void withChangesOneValueOnly() {
    assertThat(DEFAULT.withRamBlocks(1).ramBlocks()).isEqualTo(1);
    assertThat(DEFAULT.withRamBytes(2).ramBytes()).isEqualTo(2);
    assertThat(DEFAULT.withDeviceState(3, 4))
        .extracting(StreamLimits::deviceStateBytes, StreamLimits::vmdescBytes)
        .containsExactly(3, 4);
    assertThat(DEFAULT.withIterableBytes(5).iterableBytes()).isEqualTo(5);
    assertThat(DEFAULT.withPackageBytes(6).packageBytes()).isEqualTo(6);
    assertThat(DEFAULT.withPipedRamBytes(7).pipedRamBytes()).isEqualTo(7);
    assertThat(DEFAULT.withReceivedBitmapBytes(8).receivedBitmapBytes()).isEqualTo(8);
    assertThat(
            DEFAULT
                .withRamBlocks(1)
                .withRamBytes(2)
                .withDeviceState(3, 4)
                .withIterableBytes(5)
                .withPackageBytes(6)
                .withPipedRamBytes(7)
                .withReceivedBitmapBytes(8))
        .isEqualTo(
            new StreamLimits(
                1, 4, 3, 2, DEFAULT.machineTypeBytes(), DEFAULT.capabilities(), 5, 6, 7, 8));
  }

  @Test
  void valuesAreChecked() {
    assertThatThrownBy(() -> DEFAULT.withRamBlocks(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("ramBlocks 0, not in 1 to 1048576");
    assertThatThrownBy(() -> DEFAULT.withRamBytes(-1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> DEFAULT.withDeviceState(Integer.MAX_VALUE, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new StreamLimits(1, 1, 1, 1, 0, 1, 1, 1, 1, 1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void configurationIsBounded() {
    exceeds(DEFAULT, "5145564d 00000003 07 00000401", "machine type of 1025 bytes at offset 0x9");
    exceeds(DEFAULT, "5145564d 00000003 07 ffffffff", "machine type of 4294967295 bytes");
    exceeds(
        DEFAULT,
        HEAD + "05" + name("configuration/capabilities") + "00000001 00000101",
        "257 capabilities at offset 0x33");
  }

  @Test
  void ramIsBounded() {
    exceeds(DEFAULT.withRamBytes(0x1fff), HEAD + RAM_START, "8192 bytes of RAM at offset 0x24");
    String two =
        "01 00000002 03 72616d 00000000 00000004 0000000000002004"
            + "01 61 0000000000001000 01 62 0000000000001000";
    exceeds(DEFAULT.withRamBlocks(1), HEAD + two, "more than 1 RAM blocks at offset 0x36");
  }

  @Test
  void vmdescIsBounded() {
    String behindEof = HEAD + RAM_START + "00 06 00000009 7b";
    exceeds(DEFAULT.withDeviceState(8, 8), behindEof, "vmdesc of 9 bytes at offset 0x45");
    exceeds(DEFAULT, HEAD + RAM_START + "00 06 ffffffff", "vmdesc of 4294967295 bytes");
  }

  private static void exceeds(StreamLimits limits, String hex, String message) {
    MigrationStream settings = MigrationStream.of(TargetPageSize.detect()).withLimits(limits);
    assertThatThrownBy(
            () -> {
              try (StreamReader in = SourceKind.PIPE.open(settings, bytes(hex))) {
                while (in.next() != null) {}
              }
            })
        .isInstanceOf(StreamException.LimitExceeded.class)
        .hasMessageContaining(message);
  }
}
