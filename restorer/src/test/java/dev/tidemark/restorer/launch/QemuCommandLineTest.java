// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer.launch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.restorer.launch.QemuArgument.Image;
import dev.tidemark.restorer.launch.QemuArgument.Option;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class QemuCommandLineTest {
  @Test
  void optionsTakeTheirValues() {
    assertThat(
            QemuCommandLine.parse(List.of("-m", "64", "-S", "--name", "vm", "disk.img"))
                .arguments())
        .containsExactly(
            Option.of("m", "64"),
            Option.flag("S"),
            new Option("--name", Optional.of("vm")),
            new Image("disk.img"));
  }

  @Test
  void aValueMayStartWithADash() {
    assertThat(QemuCommandLine.parse(List.of("-append", "-v", "-nographic")).arguments())
        .containsExactly(Option.of("append", "-v"), Option.flag("nographic"));
  }

  @Test
  void twoDashesAreOne() {
    Option option = new Option("--daemonize", Optional.empty());
    assertThat(option.name()).isEqualTo("daemonize");
    assertThat(option.known()).isTrue();
    assertThat(option.render()).containsExactly("--daemonize");
  }

  @Test
  void anUnknownOptionTakesWhatDoesNotLookLikeAnOption() {
    assertThat(QemuCommandLine.parse(List.of("-frob", "1", "-nicate", "-S")).arguments())
        .containsExactly(Option.of("frob", "1"), Option.flag("nicate"), Option.flag("S"))
        .filteredOn(a -> a instanceof Option o && !o.known())
        .hasSize(2);
  }

  @Test
  void aMissingValueIsSeen() {
    assertThat(QemuCommandLine.parse(List.of("-S", "-m")).arguments())
        .containsExactly(Option.flag("S"), Option.flag("m"))
        .last()
        .matches(a -> ((Option) a).valueMissing());
  }

  @Test
  void theLastMachinePropertyCounts() {
    QemuCommandLine line =
        QemuCommandLine.parse(
            List.of("-M", "pc,accel=kvm", "-machine", "type=q35", "-machine", "usb=on"));
    assertThat(line.machineProperty("type")).contains("q35");
    assertThat(line.machineProperty("accel")).contains("kvm");
    assertThat(line.machineProperty("memory-backend")).isEmpty();
  }
}
