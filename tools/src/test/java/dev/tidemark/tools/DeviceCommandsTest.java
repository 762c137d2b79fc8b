// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `inspect --devices`, `--device`, `--compare-vmdesc` and `diff --devices`.
class DeviceCommandsTest {
  private static final String DUMP =
      """
      {"vmschkmachine":{"Name":"m"},
       "d":{"Name":"d","version_id":%1$d,"minimum_version_id":1,"Description":{
         "name":"d","version_id":%1$d,"minimum_version_id":1,"Fields":[]}}}
      """;

  @TempDir Path folder;

  private Path file = Path.of("");

  @BeforeEach
  void write() throws IOException {
    file = SmallArchive.write(folder.resolve("vm.tmk"));
  }

  @Test
  void devicesAreListed() {
    assertThat(Cli.run("inspect", "--devices", file).ok().out())
        .startsWith(
            "  device   version  bytes  fields  bytes not decoded\n  timer/0        2      8  ");
  }

  @Test
  void aDeviceIsShownByField() {
    String text = Cli.run("inspect", "--device", "timer", file).ok().out();
    assertThat(text).startsWith("  field ").contains("type", "value");
    assertThat(Cli.run("inspect", "--device", "timer/0", file).ok().out()).isEqualTo(text);
    assertThat(Cli.run("inspect", "--device", "timer", "--json", file).ok().out())
        .contains("\"name\" : \"timer\"", "\"path\" : \"timer/0:");
    assertThat(Cli.run("inspect", "--device", "nothing", file).err())
        .isEqualTo("tidemark: no device \"nothing\"; --devices lists them\n");
  }

  @Test
  void aCheckpointIsLikeItself() {
    assertThat(Cli.run("diff", "--devices", file, file).ok().out()).isEqualTo("0 differences\n");
    assertThat(Cli.run("inspect", "--compare-vmdesc", file, file).ok().outWithout(folder))
        .isEqualTo(
            """
            vm.tmk to vm.tmk: nothing is in the way
            vm.tmk to vm.tmk: nothing is in the way
            """);
  }

  @Test
  void dumpsAreCompared() throws IOException {
    Path old = Files.writeString(folder.resolve("old.json"), DUMP.formatted(1));
    Path young = Files.writeString(folder.resolve("new.json"), DUMP.formatted(2));
    assertThat(Cli.run("inspect", "--compare-vmdesc", old, young).ok().outWithout(folder))
        .isEqualTo(
            """
            old.json to new.json: nothing is in the way
            new.json to old.json: no
              blocks  d  d  version 2 is newer than 1
            """);
    assertThat(Cli.run("inspect", "--json", "--compare-vmdesc", old, young).ok().out())
        .contains("\"loads\" : false", "\"kind\" : \"version\"");
  }
}
