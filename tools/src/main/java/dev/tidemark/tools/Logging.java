// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.logging.LogManager;

/// What libraries log.
///
/// By default nothing: standard error belongs to progress and the one line of an error.
/// `-Djava.util.logging.config.file=FILE` has its usual meaning.
final class Logging {
  private static final String NOTHING = "handlers=\n.level=OFF\n";

  private Logging() {}

  static void silence() {
    if (System.getProperty("java.util.logging.config.file") == null
        && System.getProperty("java.util.logging.config.class") == null) {
      // Read only once a library logs, so that the logging classes are not loaded before.
      System.setProperty("java.util.logging.config.class", Silent.class.getName());
    }
  }

  /// Made by the log manager, which takes its configuration from the constructor.
  public static final class Silent {
    /// Configures the log manager.
    public Silent() {
      try {
        LogManager.getLogManager()
            .readConfiguration(
                new ByteArrayInputStream(NOTHING.getBytes(StandardCharsets.ISO_8859_1)));
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
