// SPDX-License-Identifier: Apache-2.0

/// Saves a running VM while its guest goes on executing.
module dev.tidemark.saver {
  requires transitive dev.tidemark.qmp;
  requires transitive dev.tidemark.stream.format;
  requires transitive org.jspecify;

  exports dev.tidemark.saver;
  exports dev.tidemark.saver.guard;
}
