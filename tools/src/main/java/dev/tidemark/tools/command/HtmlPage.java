// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/// Puts the page of `inspect --html` together: frame, style, script and data in one file. Its
/// content security policy names the style and the script by their digests, so that nothing else
/// in it can run or be loaded.
final class HtmlPage {
  private HtmlPage() {}

  /// The page.
  ///
  /// @param data JSON without `<`
  static byte[] of(String data) throws IOException {
    String style = resource("inspect.css");
    String script = resource("inspect.js");
    String policy =
        "default-src 'none'; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'"
            .formatted(digest(style), digest(script));
    StringBuilder page = new StringBuilder();
    for (String part : resource("inspect.html").split("(?=\\{\\{)|(?<=\\}\\})", -1)) {
      page.append(
          switch (part) {
            case "{{policy}}" -> policy;
            case "{{style}}" -> style;
            case "{{script}}" -> script;
            case "{{data}}" -> data;
            default -> part;
          });
    }
    return page.toString().getBytes(UTF_8);
  }

  private static String digest(String text) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
      return "sha256-" + Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = HtmlPage.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("no resource " + name);
      }
      return new String(in.readAllBytes(), UTF_8);
    }
  }
}
