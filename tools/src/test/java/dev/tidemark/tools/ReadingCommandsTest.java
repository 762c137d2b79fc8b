// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `inspect`, `verify` and `list` on a whole archive: the exact text, and JSON that is JSON.
class ReadingCommandsTest {
  @TempDir Path folder;

  private Path file = Path.of("");

  @BeforeEach
  void write() throws IOException {
    file = SmallArchive.write(folder.resolve("vm.tmk"));
  }

  @Test
  void inspectTellsAll() throws IOException {
    String size = "%.1f KiB".formatted(Files.size(file) / 1024.0);
    String share = "%.1f %%".formatted(100.0 * Files.size(file) / 40960);
    assertThat(Cli.run("inspect", file).ok().outWithout(folder))
        .isEqualTo(
            """
            vm.tmk: Tidemark archive, SIZE

              machine       pc-i440fx-10.0 (x86_64)
              target page   4.0 KiB
              capabilities  none
              RAM           40.0 KiB in 2 blocks
              stored        16.0 KiB of data in SIZE of file: SHARE of the RAM
              data pages    all 4 looked at
                entropy     0.00 bits per byte
                LZ4         0.5 % of their size
                zstd        0.2 % of their size
              QEMU          10.0.2
              saved         2026-11-01 12:34:56Z by Tidemark 0.1.0, precopy
              run state     running
              pause         8.4 ms
              stream time   253 ms
              pages sent    7, of these again: 1
              disks         ide0-hd0 (read-only)
                ide0-hd0    qcow2 /srv/disk.qcow2
              command       /usr/bin/qemu-system-x86_64 -m 64 -name 'a guest'
              folder        /srv

            RAM blocks
              block       size  pages  data  zero  missing  re-sent
              pc.ram  32.0 KiB      8     3     2        3        -
              pc.rom   8.0 KiB      2     1     0        1        -
              all     40.0 KiB     10     4     2        4        1

            Device sections
              section  instance  version  bytes
              timer           0        2      8
            """
                .replace("SIZE", size)
                .replace("SHARE", share));
  }

  @Test
  void inspectRamListsRuns() {
    assertThat(Cli.run("inspect", "--ram", file).ok().out())
        .contains(
            """
            Pages
              block     from      to  pages  kind
              pc.ram     0x0  0x3000      3  data
              pc.ram  0x3000  0x5000      2  zero
              pc.ram  0x5000  0x8000      3  missing
              pc.rom     0x0  0x1000      1  data
              pc.rom  0x1000  0x2000      1  missing
            """);
  }

  @Test
  void verifySaysWhatHolds() throws IOException {
    assertThat(Cli.run("verify", file).ok().outWithout(folder))
        .isEqualTo(
            """
            vm.tmk: ok: 10 pages (4 data, 2 zero, 4 missing), 32 B of device state, Tidemark archive, SIZE
              checked  every checksum: 5 blocks, 5 sections, 1 digest
              checked  every index entry: 7 page records, the newest of each page found
              checked  1 device section where vmdesc says they are
              note     there is no globalstate section: a VM that loads it runs
            """
                .replace("SIZE", "%.1f KiB".formatted(Files.size(file) / 1024.0)));
  }

  @Test
  void listShowsCheckpointsAndPassesOverTheRest() throws IOException {
    byte[] whole = Files.readAllBytes(file);
    Files.writeString(folder.resolve("notes.txt"), "no checkpoint");
    Files.createFile(folder.resolve("empty"));
    Files.createDirectory(folder.resolve("folder.tmk"));
    Files.write(folder.resolve("cut.tmk"), java.util.Arrays.copyOf(whole, whole.length - 3));
    Files.write(folder.resolve(".new.tmk.part-999999999"), whole);

    assertThat(Cli.run("list", folder).ok().out().lines())
        .hasSize(4)
        .satisfiesOnlyOnce(line -> assertThat(line).startsWith("date  "))
        .satisfiesOnlyOnce(
            line ->
                assertThat(line)
                    .startsWith("2026-11-01 12:34:56Z  pc-i440fx-10.0  ")
                    .endsWith("  40.0 KiB  ide0-hd0 (read-only)  complete    vm.tmk"))
        .satisfiesOnlyOnce(line -> assertThat(line).endsWith("  incomplete  cut.tmk"))
        .satisfiesOnlyOnce(
            line -> assertThat(line).endsWith("  incomplete  .new.tmk.part-999999999"));
  }

  @Test
  void listOfNothing() throws IOException {
    Path empty = Files.createDirectory(folder.resolve("empty"));
    assertThat(Cli.run("list", empty).ok().out()).isEqualTo("no checkpoints in " + empty + "\n");
  }

  @Test
  void listOfAFile() {
    assertThat(Cli.run("list", file).failed(1).err())
        .isEqualTo("tidemark: " + file + ": not a folder\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"inspect", "inspect --ram", "verify", "verify --qemu=/nowhere/qemu"})
  void jsonIsOneObject(String command) throws IOException {
    String[] words = (command + " --json " + file).split(" ");
    checkObject(Cli.run((Object[]) words).ok().out());
  }

  @Test
  void jsonOfAFolderIsOneObject() throws IOException {
    checkObject(Cli.run("list", "--json", folder).ok().out());
  }

  private static void checkObject(String text) throws IOException {
    try (JsonParser json = new JsonFactory().createParser(text)) {
      assertThat(json.nextToken()).isEqualTo(JsonToken.START_OBJECT);
      int depth = 1;
      while (depth > 0) {
        JsonToken token = json.nextToken();
        depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
        if (token == JsonToken.FIELD_NAME) {
          assertThat(json.currentName()).matches("[a-z][a-z0-9_]*");
        }
      }
      assertThat(json.nextToken()).as("behind the object").isNull();
    }
    assertThat(text).endsWith("}\n");
  }
}
