// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OpenEnumTest {

  @Test
  void unknownValuesAreKept() {
    assertThat(RunState.of("running")).isEqualTo(RunState.Known.RUNNING);
    assertThat(RunState.of("levitating")).isEqualTo(new RunState.Unknown("levitating"));
    for (RunState.Known known : RunState.Known.values()) {
      assertThat(RunState.of(known.wireName())).isSameAs(known);
    }
    for (MigrationStatus.Known known : MigrationStatus.Known.values()) {
      assertThat(MigrationStatus.of(known.wireName())).isSameAs(known);
    }
    assertThat(MigrationStatus.of("new").isOver()).isFalse();
  }

  @Test
  void aMigrationThatNeverWasHasNoFields() {
    MigrationInfo none = new QueryMigrate().decode(JsonObject.EMPTY);
    assertThat(none.status()).isEqualTo(MigrationStatus.Known.NONE);
    assertThat(none.ram()).isEmpty();
    assertThat(none.downtime()).isEmpty();
    assertThat(none.blockedReasons()).isEmpty();
  }

  @Test
  void aMigrationUnderWayIsRead() throws Exception {
    MigrationInfo info =
        new QueryMigrate()
            .decode(
                JsonValue.parse(
                    """
                    {"status": "active", "expected-downtime": 300, "total-time": 12, "new": [1],
                     "ram": {"transferred": 1, "remaining": 2, "total": 3, "duplicate": 4,
                             "normal": 5, "normal-bytes": 6, "dirty-pages-rate": 7, "mbps": 8.5,
                             "dirty-sync-count": 9, "page-size": 4096},
                     "blocked-reasons": ["a", "b"]}
                    """));
    assertThat(info.ram()).contains(new RamStats(1, 2, 3, 4, 5, 6, 7, 8.5, 9, 4096));
    assertThat(info.expectedDowntime()).contains(Duration.ofMillis(300));
    assertThat(info.blockedReasons()).containsExactly("a", "b");
    assertThat(info.raw().array("new").size()).isEqualTo(1);
  }

  @Test
  void capabilitiesGoOutAsQemuWantsThem() {
    assertThat(new MigrateSetCapabilities(Map.of("events", true)).arguments())
        .hasToString("{\"capabilities\":[{\"capability\":\"events\",\"state\":true}]}");
  }

  @Test
  void versionsAreOrdered() {
    QemuVersion old = new QemuVersion(7, 2, 22, "Debian");
    QemuVersion current = new QemuVersion(10, 0, 2, "");
    assertThat(old).isLessThan(current);
    assertThat(current.isAtLeast(9, 1)).isTrue();
    assertThat(old.isAtLeast(7, 3)).isFalse();
    assertThat(current).hasToString("10.0.2");
  }
}
