// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoGuestTest {
  @Test
  void parametersAreThoseOfTheGuest() {
    assertThat(DemoGuest.DEFAULT.parameters())
        .isEqualTo("ws=134217728 rate=67108864 fill=random tick=1 check=on halt=off");
    assertThat(
            DemoGuest.DEFAULT
                .withWorkingSet(1 << 20)
                .withRate(OptionalLong.empty())
                .withFill(Fill.HALF)
                .parameters())
        .isEqualTo("ws=1048576 rate=max fill=half tick=1 check=on halt=off");
  }

  @Test
  void theProgramIsWrittenForThisUserOnlyAndOnce(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("guest.elf");
    DemoGuest.writeProgram(file);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(Files.readAllBytes(file)).startsWith(0x7f, 'E', 'L', 'F');
    assertThatThrownBy(() -> DemoGuest.writeProgram(file))
        .isInstanceOf(FileAlreadyExistsException.class);
  }

  @Test
  void aMachineMustHaveRoomForTheWorkingSet() {
    assertThatThrownBy(() -> DemoMachine.DEFAULT.with(128 << 20, DemoGuest.DEFAULT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the working set must be at most half of the memory");
    assertThatThrownBy(() -> DemoMachine.DEFAULT.withType("microvm"))
        .hasMessage("no such machine: 'microvm'; there is: pc, q35");
  }
}
