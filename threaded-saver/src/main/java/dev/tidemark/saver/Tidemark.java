// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.saver;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/// The version of this build.
final class Tidemark {
  private Tidemark() {}

  static String version() {
    try (InputStream in = Tidemark.class.getResourceAsStream("version.properties")) {
      Properties properties = new Properties();
      properties.load(in);
      return properties.getProperty("version");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
