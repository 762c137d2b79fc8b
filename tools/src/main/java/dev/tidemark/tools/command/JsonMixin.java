// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import picocli.CommandLine.Option;

/// `--json`.
final class JsonMixin {
  @Option(names = "--json", description = "Print the result as one JSON object.")
  private boolean json;

  boolean asked() {
    return json;
  }
}
