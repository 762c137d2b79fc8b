// SPDX-License-Identifier: Apache-2.0

/// QMP, QEMU's machine protocol: a client for any program that manages virtual machines.
///
/// **Connect.** To a Unix socket, a TCP port, or a descriptor; with TLS by
/// [dev.tidemark.qmp.TlsCredentials]; to a QEMU that connects itself by
/// [dev.tidemark.qmp.QmpListener]. A monitor serves one client at a time: where it is taken, the
/// exception says so and what to do.
///
/// ```java
/// try (QmpClient qmp = QmpClient.connect(QmpAddress.parse("unix:/run/vm.qmp"))) {
///   System.out.println(qmp.version());
/// }
/// ```
///
/// **Call.** A command is a value that knows what it returns. Any number of threads may call;
/// commands are pipelined, each has a deadline. [dev.tidemark.qmp.command.Raw] is for commands that
/// have no record, and what a QEMU has can be asked before.
///
/// ```java
/// VmStatus status = qmp.execute(new QueryStatus());
/// CompletableFuture<List<BlockDevice>> later = qmp.submit(new QueryBlock());
/// JsonValue uuid = qmp.execute(new Raw("query-uuid"), Duration.ofSeconds(2));
///
/// boolean mapped = qmp.schema().hasCapability("mapped-ram");
/// qmp.check(MigrateSetCapabilities.on(MigrationCapability.Known.MAPPED_RAM));
///
/// List<YankInstance> hanging = qmp.executeOutOfBand(new QueryYank()); // while all others wait
/// ```
///
/// **Listen.** From the moment `listen` returns no event is lost, as long as no more than
/// [dev.tidemark.qmp.QmpOptions#eventCapacity] of them wait; if some are, the listener is told how
/// many.
///
/// ```java
/// try (var events = qmp.listen("STOP", "RESUME", "SHUTDOWN")) {
///   qmp.execute(new Stop());
///   Event first = events.next(Duration.ofSeconds(5)).orElseThrow();
///   String what =
///       switch (first.typed()) {
///         case QmpEvent.Stop _ -> "stands since " + first.timestamp();
///         case QmpEvent.Shutdown end -> "has ended: " + end.reason().wireName();
///         default -> first.name();
///       };
/// }
/// ```
///
/// **Migrate with progress.**
///
/// ```java
/// qmp.execute(
///     new MigrateSetParameters(
///         MigrationParameters.NONE.with(
///             MigrationParameter.DOWNTIME_LIMIT, Duration.ofMillis(50))));
/// try (Migration migration = qmp.migrate(new Migrate("unix:/run/other.sock"))) {
///   MigrationInfo last =
///       migration.await(
///           Duration.ofMillis(500),
///           info -> info.ram().ifPresent(ram -> System.out.println(ram.remaining())));
///   if (last.status() != MigrationStatus.Known.COMPLETED) {
///     System.err.println(last.errorDesc().orElse("cancelled"));
///   }
/// }
/// ```
///
/// **Pass a descriptor.** Over a Unix socket QEMU gets a copy of it.
///
/// ```java
/// try (SocketPair pair = SocketPair.open()) {
///   qmp.getfd("out", pair.remote());
///   pair.closeRemote(); // QEMU has its own; else the end would never be seen
///   qmp.execute(new Migrate("fd:out"));
///   ByteBuffer head = ByteBuffer.allocateDirect(4096);
///   int count = pair.local().read(head); // the migration stream
///   PassedFd inSet = qmp.execute(new AddFd(1), 0); // for /dev/fdset/1
/// }
/// ```
///
/// Threads: one reader thread per client (`tidemark-qmp-N`) reads, matches replies and hands
/// events to bounded queues; it never waits for a caller. Calls block the thread that makes them,
/// for which virtual ones will do. When the connection ends, all who wait fail at once.
///
/// Read first: [dev.tidemark.qmp.QmpClient], [dev.tidemark.qmp.QmpAddress],
/// [dev.tidemark.qmp.QmpException], [dev.tidemark.qmp.EventListener],
/// [dev.tidemark.qmp.Migration].
@NullMarked
package dev.tidemark.qmp;

import org.jspecify.annotations.NullMarked;
