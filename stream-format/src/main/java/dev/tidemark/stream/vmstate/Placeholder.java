// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

/// To be removed.
public final class Placeholder {
  private Placeholder() {}
}
