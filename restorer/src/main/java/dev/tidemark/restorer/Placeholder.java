// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer;

/// To be removed.
public final class Placeholder {
  private Placeholder() {}
}
