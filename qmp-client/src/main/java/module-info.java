// SPDX-License-Identifier: Apache-2.0

/// A client for QMP, QEMU's machine protocol.
module dev.tidemark.qmp {
  requires transitive org.jspecify;
  requires com.fasterxml.jackson.core;
  requires io.netty.buffer;
  requires io.netty.common;
  requires io.netty.handler;
  requires io.netty.transport;
  requires io.netty.transport.classes.epoll;
  requires io.netty.transport.unix.common;

  exports dev.tidemark.qmp;
  exports dev.tidemark.qmp.command;
  exports dev.tidemark.qmp.descriptor;
  exports dev.tidemark.qmp.event;
  exports dev.tidemark.qmp.json;
  exports dev.tidemark.qmp.schema;
}
