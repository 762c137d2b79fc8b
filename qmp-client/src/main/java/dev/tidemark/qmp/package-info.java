// SPDX-License-Identifier: Apache-2.0

/// QMP, QEMU's machine protocol: connect, call, listen, pass a descriptor.
///
/// ```java
/// try (QmpClient qmp = QmpClient.connect(QmpAddress.parse("unix:/run/vm.qmp"))) { // connect
///   VmStatus status = qmp.execute(new QueryStatus()); // call
///
///   qmp.execute(new MigrateSetCapabilities(Map.of("events", true)));
///   try (EventListener events = qmp.listen("MIGRATION", "STOP"); // listen
///       SocketPair pair = SocketPair.open()) {
///     qmp.getfd("out", pair.remote()); // pass a descriptor
///     pair.closeRemote();
///     qmp.execute(new Migrate("fd:out")); // migrate; the stream comes out of pair.local()
///     Optional<Event> event = events.next(Duration.ofSeconds(30));
///     MigrationInfo progress = qmp.execute(new QueryMigrate());
///   }
/// }
/// ```
///
/// Threads: one reader thread per client (`tidemark-qmp-N`) reads, matches replies and hands
/// events to bounded queues; it never waits for a caller. Calls block the thread that makes them
/// and may come from any number of threads, virtual ones too.
///
/// Read first: [dev.tidemark.qmp.QmpClient], [dev.tidemark.qmp.QmpAddress],
/// [dev.tidemark.qmp.QmpException], [dev.tidemark.qmp.EventListener],
/// [dev.tidemark.qmp.PeerProcess].
@NullMarked
package dev.tidemark.qmp;

import org.jspecify.annotations.NullMarked;
