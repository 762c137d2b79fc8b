// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.json;

import java.io.IOException;

/// Bytes that are not JSON, or JSON beyond its [JsonLimits].
public final class JsonException extends IOException {
  private static final long serialVersionUID = 1L;

  JsonException(String message) {
    super(message);
  }

  JsonException(String message, Throwable cause) {
    super(message, cause);
  }
}
