// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.command.MigrationInfo;
import dev.tidemark.qmp.command.MigrationStatus;
import dev.tidemark.qmp.command.QueryMigrate;
import dev.tidemark.qmp.fixture.LiveQemu;

/// Migrations that a test has started, out of a VM or into it.
final class Migrations {
  private static final int POLL_MILLIS = 5;

  private Migrations() {}

  /// Waits until one has ended well.
  ///
  /// @param what what it is, for who reads that it has not
  static void awaitCompleted(Object what, QmpClient qmp) throws Exception {
    long end = System.nanoTime() + LiveQemu.PATIENCE.toNanos();
    MigrationInfo info = qmp.execute(new QueryMigrate());
    while (!info.status().isOver()) {
      assertThat(System.nanoTime()).as("%s: %s", what, info).isLessThan(end);
      Thread.sleep(POLL_MILLIS);
      info = qmp.execute(new QueryMigrate());
    }
    assertThat(info.status()).as("%s", what).isEqualTo(MigrationStatus.Known.COMPLETED);
  }
}
