// SPDX-License-Identifier: Apache-2.0

/// Brings a checkpoint back.
module dev.tidemark.restorer {
  requires transitive dev.tidemark.qmp;
  requires transitive dev.tidemark.stream.format;
  requires transitive org.jspecify;

  exports dev.tidemark.restorer;
  exports dev.tidemark.restorer.launch;
  exports dev.tidemark.restorer.preflight;
}
