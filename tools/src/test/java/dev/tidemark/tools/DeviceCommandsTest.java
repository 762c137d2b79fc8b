// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.stream.fixture.Corpus;
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
  void aNameThatIsNearIsSuggested() {
    assertThat(Cli.run("inspect", "--device", "tmier", file).err()).contains("--devices lists");
    assertThat(Cli.run("inspect", "--device", "timr", file).err())
        .isEqualTo("tidemark: no device \"timr\"; did you mean timer/0?\n");
    assertThat(Cli.run("inspect", "--device", "timer/3", file).err()).contains("timer/0?");
    assertThat(Cli.run("inspect", "--device", "IME", file).err()).contains("timer/0?");
    Cli.run("inspect", "--device", "timr", file).failed(2);
  }

  @Test
  void aFieldIsShownWhole() throws IOException {
    assertThat(Cli.run("inspect", "--device", "timer:ticks", file).ok().out())
        .isEqualTo("  field          type   value\n  timer/0:ticks  int64  17\n");
    assertThat(Cli.run("inspect", "--device", "timer/0:ticks", "--json", file).ok().out())
        .contains("\"path\" : \"timer/0:ticks\"", "\"value\" : \"17\"");
    assertThat(Cli.run("inspect", "--device", "timer:tacks", file).err())
        .isEqualTo("tidemark: no field \"tacks\" in timer/0\n");
    assertThat(Cli.run("inspect", "--device", "nothing:x", file).err()).contains("no device");
    Path q35 = Files.write(folder.resolve("q35"), Corpus.bytes("q35-10.0-file"));
    assertThat(Cli.run("inspect", "--device", "cpu:env.segs[1]", q35).ok().out().lines())
        .hasSize(5)
        .anyMatch(line -> line.matches("  cpu/0:env.segs\\[1\\].base +uint64 +0xf0000"));
    assertThat(Cli.run("inspect", "--device", "cpu:env.regs", q35).ok().out())
        .doesNotContain("\u2026");
    assertThat(Cli.run("inspect", "--device", "0000:00:00.0/mch", "--json", q35).ok().out())
        .contains("\"not_decoded\" : \"layout is not in vmdesc\"");
    assertThat(Cli.run("inspect", "--device", "globalstate", q35).ok().out())
        .contains(" \"paused\"\n", " zeroes (66 bytes)\n");
  }

  @Test
  void longBytesThatDifferAreShownWhereTheyDo() throws IOException {
    Path a = Files.write(folder.resolve("a"), Corpus.bytes("q35-10.0-file"));
    Path b = Files.write(folder.resolve("b"), Corpus.bytes("q35-7.2-stopped"));
    assertThat(Cli.run("diff", "--devices", a, b).ok().out().lines())
        .allMatch(line -> !line.contains("\u2026") || !line.contains("cmos_data"))
        .anyMatch(line -> line.contains("0x6 (uint32 equal of 4 bytes)"))
        .anyMatch(line -> line.endsWith("\u2192  6 (int32 equal of 4 bytes)"))
        .anyMatch(line -> line.matches("mc146818rtc/0:cmos_data\\+0x0 +29 +\u2192 +43"));
  }

  @Test
  void whatHasNoVmdescSaysSo() throws IOException {
    Path without = Files.write(folder.resolve("without"), Corpus.bytes("pc-10.0-no-vmdesc"));
    assertThat(Cli.run("inspect", "--devices", without).ok().out()).contains("there is no vmdesc");
    assertThat(Cli.run("inspect", "--device", "cpu", without).err())
        .isEqualTo("tidemark: no device \"cpu\": there is no vmdesc\n");
  }

  /// Of the code that decodes fields nothing is even loaded.
  @Test
  void plainInspectDecodesNoDeviceState() throws IOException, InterruptedException {
    String decoder = "dev.tidemark.stream.vmstate.VmstateDecoder ";
    String parser = "dev.tidemark.stream.vmstate.VmdescParser ";
    assertThat(classesLoadedBy("--devices")).contains(decoder, parser);
    assertThat(classesLoadedBy("--ram"))
        .contains("dev.tidemark.tools.command.InspectText ")
        .doesNotContain(decoder, parser);
  }

  private String classesLoadedBy(String option) throws IOException, InterruptedException {
    Path log = folder.resolve("classes" + option);
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xlog:class+load:file=" + log,
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "inspect",
                option,
                file.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("output").toFile())
            .start();
    assertThat(child.waitFor()).as(Files.readString(folder.resolve("output"))).isZero();
    return Files.readString(log);
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
