// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.json;

/// A value that is not what an accessor asked for: a member is missing, or of another type.
///
/// Unchecked, since the caller named the member. The client turns it into a checked exception where
/// it reads a reply itself.
public final class JsonShapeException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  JsonShapeException(String message) {
    super(message);
  }
}
