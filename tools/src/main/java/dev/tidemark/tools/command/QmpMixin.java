// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.qmp.QmpAddress;
import dev.tidemark.tools.report.UsageException;
import java.nio.file.InvalidPathException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// `--qmp`. Kept as text until it is used, so that commands which may do without a VM load nothing
/// of the client.
final class QmpMixin {
  @Option(
      names = "--qmp",
      paramLabel = "SOCKET",
      description = "QEMU's QMP monitor: a path, unix:PATH or tcp:HOST:PORT.")
  private @Nullable String qmp;

  Optional<QmpAddress> address() throws UsageException {
    if (qmp == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(QmpAddress.parse(qmp));
    } catch (InvalidPathException e) {
      throw new UsageException("--qmp: not a path: " + e.getReason());
    } catch (IllegalArgumentException e) {
      throw new UsageException("--qmp: " + e.getMessage());
    }
  }

  QmpAddress required() throws UsageException {
    return address()
        .orElseThrow(
            () ->
                new UsageException(
                    "missing option '--qmp=SOCKET': which VM? Start QEMU with -qmp"
                        + " unix:SOCKET,server=on,wait=off"));
  }

  String subject() {
    return qmp == null ? "--qmp" : qmp;
  }
}
