// SPDX-License-Identifier: Apache-2.0

/// QEMU migration streams and stored checkpoints, read and written.
module dev.tidemark.stream.format {
  requires transitive org.jspecify;
  requires aircompressor.v3;
  requires com.fasterxml.jackson.core;
  requires com.github.luben.zstd_jni;
  requires java.xml;
  requires org.apache.commons.compress;
  requires org.lz4.java;
  requires org.tukaani.xz;

  exports dev.tidemark.checkpoint;
  exports dev.tidemark.checkpoint.analysis;
  exports dev.tidemark.checkpoint.archive;
  exports dev.tidemark.checkpoint.compressed;
  exports dev.tidemark.checkpoint.elfcore;
  exports dev.tidemark.checkpoint.libvirt;
  exports dev.tidemark.checkpoint.mappedram;
  exports dev.tidemark.checkpoint.memory;
  exports dev.tidemark.checkpoint.qcow2;
  exports dev.tidemark.checkpoint.raw;
  exports dev.tidemark.checkpoint.stream;
  exports dev.tidemark.stream;
  exports dev.tidemark.stream.command;
  exports dev.tidemark.stream.multifd;
  exports dev.tidemark.stream.ram;
  exports dev.tidemark.stream.vmstate;
}
