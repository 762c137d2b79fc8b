// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

import dev.tidemark.qmp.command.Migrate;
import dev.tidemark.qmp.command.MigrateSetCapabilities;
import dev.tidemark.qmp.command.MigrationCapability;
import dev.tidemark.qmp.command.MigrationInfo;
import dev.tidemark.qmp.command.QueryMigrate;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/// An outgoing migration, followed by its events.
///
/// ```java
/// try (Migration migration = qmp.migrate(new Migrate("unix:/run/other.sock"))) {
///   MigrationInfo last =
///       migration.await(
///           Duration.ofMillis(500),
///           info -> info.ram().ifPresent(ram -> System.out.println(ram.remaining())));
///   System.out.println(last.status() + " " + last.errorDesc().orElse(""));
/// }
/// ```
///
/// Closing ends the listening, not the migration: that is what `MigrateCancel` is for.
public final class Migration implements AutoCloseable {
  private final QmpClient qmp;
  private final EventListener events;

  private Migration(QmpClient qmp, EventListener events) {
    this.qmp = qmp;
    this.events = events;
  }

  static Migration start(QmpClient qmp, Migrate command) throws QmpException, InterruptedException {
    qmp.execute(MigrateSetCapabilities.on(MigrationCapability.Known.EVENTS));
    EventListener events = qmp.listen("MIGRATION", "MIGRATION_PASS", "STOP", "RESUME");
    boolean done = false;
    try {
      qmp.execute(command);
      done = true;
      return new Migration(qmp, events);
    } finally {
      if (!done) {
        events.close();
      }
    }
  }

  /// Its events as they come: `MIGRATION`, `MIGRATION_PASS`, and the guest's `STOP` and `RESUME`.
  ///
  /// [#await] takes them too; use the one or the other.
  public EventListener events() {
    return events;
  }

  /// How far it has come.
  ///
  /// @throws QmpException as [QmpClient#execute(dev.tidemark.qmp.command.QmpCommand)]
  public MigrationInfo info() throws QmpException, InterruptedException {
    return qmp.execute(new QueryMigrate());
  }

  /// Waits until the migration is over, well or badly, for as long as that takes.
  ///
  /// @param every how often to ask QEMU; whenever its state changes it is asked at once
  /// @param progress is handed what QEMU answers, on this thread
  /// @return how it ended; its status says whether well
  /// @throws QmpException as [QmpClient#execute(dev.tidemark.qmp.command.QmpCommand)]; the
  ///     connection's end is one
  public MigrationInfo await(Duration every, Consumer<MigrationInfo> progress)
      throws QmpException, InterruptedException {
    while (true) {
      MigrationInfo info = info();
      progress.accept(info);
      if (info.status().isOver()) {
        return info;
      }
      try {
        Optional<Event> event = events.next(every);
        while (event.isPresent()) {
          event = events.poll();
        }
      } catch (QmpException.EventsLost _) {
        // The state is asked for anyway.
      }
    }
  }

  @Override
  public void close() {
    events.close();
  }
}
