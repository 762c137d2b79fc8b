// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.tools.report.ExitCode;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Help, version, and command lines that are wrong.
class UsageTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"", "save", "restore", "inspect", "list", "verify", "qmp", "doctor"})
  void helpListsEveryExitCode(String command) {
    Cli cli = (command.isEmpty() ? Cli.run("--help") : Cli.run(command, "--help")).ok();
    assertThat(cli.out()).contains("Usage: tidemark " + (command.isEmpty() ? "COMMAND" : command));
    for (ExitCode code : ExitCode.values()) {
      assertThat(cli.out()).contains("  %-5d %s%n".formatted(code.code(), code.meaning()));
    }
  }

  @Test
  void versionIsTheProjects() {
    assertThat(Cli.run("--version").ok().out())
        .matches("tidemark [0-9][^\\n]*\\nJava 25[^\\n]*\\n");
  }

  @Test
  void withoutACommand() {
    assertThat(Cli.run().failed(2).err())
        .isEqualTo("tidemark: missing required subcommand; see 'tidemark --help'\n");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "frobnicate | no such command: 'frobnicate'; see 'tidemark --help'",
        "inspcet a | no such command: 'inspcet'; did you mean inspect?; see 'tidemark --help'",
        "inspect | missing required parameter: 'FILE'; see 'tidemark inspect --help'",
        "save --qmp q.sock | missing required option: '--output=FILE'; see 'tidemark save --help'",
        "save -o a.tmk | missing option '--qmp=SOCKET': which VM? Start QEMU with -qmp"
            + " unix:SOCKET,server=on,wait=off",
        "save --qmp q -o s3://bucket/a | -o: URLs are not supported yet; there is: the name of a"
            + " file",
        "save --qmp q -o a --method background | --method: 'background' is not supported yet;"
            + " there is: precopy, stop-copy",
        "save --qmp q -o a --method fast | --method: no such choice: 'fast'; there is: precopy,"
            + " stop-copy",
        "save --qmp q -o a --disks snapshot | --disks: 'snapshot' is not supported yet; there is:"
            + " none",
        "save --qmp q -o a --compress gzip | --compress: no such choice: 'gzip'; there is: lz4,"
            + " zstd, none",
        "save --qmp q -o a --buffer 1K | the buffer must be at least 1 MiB and at most 16 GiB",
        "save --qmp q -o a --max-pause 0ms | the pause must be longer than nothing",
        "save --qmp tcp:nowhere -o a | --qmp: not a QMP address: \"tcp:nowhere\"; expected"
            + " tcp:HOST:PORT",
        "restore a --mode lazy | --mode: 'lazy' is not supported yet; there is: eager",
        "restore a --qmp q -- -m 64 | --qmp feeds a QEMU that waits; it does not go with --"
            + " QEMU-ARGS",
        "qmp --qmp q query-status [] | the arguments of a QMP command are a JSON object, such as"
            + " {}",
      })
  void wrongCommandLines(String line, String message) {
    Cli cli = Cli.run((Object[]) line.split(" ")).failed(2);
    assertThat(cli.err()).isEqualTo("tidemark: " + message + "\n");
  }

  @ParameterizedTest
  @CsvSource({"--max-pause,5", "--max-time,soon", "--buffer,much", "--limit-rate,-1"})
  void quantitiesThatAreNone(String option, String value) {
    Cli cli = Cli.run("save", "--qmp", "q", "-o", "a", option + "=" + value).failed(2);
    assertThat(cli.err())
        .startsWith("tidemark: invalid value for option '" + option)
        .contains("'" + value + "' is not a ");
  }

  @Test
  void aMonitorThatIsNotThere() {
    Path socket = folder.resolve("none.sock");
    assertThat(Cli.run("save", "--qmp", socket, "-o", folder.resolve("a.tmk")).failed(6).err())
        .startsWith("tidemark: cannot connect to unix:" + socket + ": there is no such socket");
    assertThat(folder).isEmptyDirectory();
  }
}
