// SPDX-License-Identifier: Apache-2.0

/// The `tidemark` command and the demo guest.
module dev.tidemark.tools {
  requires dev.tidemark.restorer;
  requires dev.tidemark.saver;
  requires com.fasterxml.jackson.core;
  requires info.picocli;
  requires java.logging;
  requires org.jline.reader;
  requires org.jline.terminal;
  requires transitive org.jspecify;

  exports dev.tidemark.tools;

  opens dev.tidemark.tools to
      info.picocli;
  opens dev.tidemark.tools.command to
      info.picocli;
}
