// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

/// To be removed.
public final class Placeholder {
  private Placeholder() {}
}
