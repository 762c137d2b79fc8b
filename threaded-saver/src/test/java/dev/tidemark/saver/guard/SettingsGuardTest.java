// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.saver.guard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.command.RunState;
import dev.tidemark.qmp.fixture.FakeQmpServer;
import dev.tidemark.qmp.json.JsonArray;
import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

class SettingsGuardTest {
  private final Map<String, Boolean> capabilities =
      new ConcurrentHashMap<>(Map.of("events", false, "xbzrle", true, "return-path", false));
  private volatile JsonObject parameters =
      JsonObject.of("downtime-limit", 300, "max-bandwidth", 134217728, "cpu-throttle", 20);

  @Test
  void onlyWhatIsWantedIsOnAndAllComesBack() throws Exception {
    Map<String, Boolean> before = new TreeMap<>(capabilities);
    JsonObject parametersBefore = parameters;
    try (FakeQmpServer qemu = FakeQmpServer.answering(this::answer);
        QmpClient qmp = QmpClient.connect(qemu.address())) {
      SettingsGuard guard = change(qmp);
      assertThat(capabilities)
          .containsEntry("events", true)
          .containsEntry("return-path", true)
          .containsEntry("xbzrle", false);
      assertThat(parameters.longValue("downtime-limit")).isEqualTo(5);
      guard.putBack();
      assertThat(new TreeMap<>(capabilities)).isEqualTo(before);
      assertThat(parameters).isEqualTo(parametersBefore);
      assertThat(SettingsGuard.putBackLeftOvers(qmp)).as("nothing is left over").isFalse();
    }
  }

  @Test
  void whatAKilledSaverLeftIsPutBackByTheNextCommand() throws Exception {
    Map<String, Boolean> before = new TreeMap<>(capabilities);
    JsonObject parametersBefore = parameters;
    try (FakeQmpServer qemu = FakeQmpServer.answering(this::answer)) {
      try (QmpClient killed = QmpClient.connect(qemu.address())) {
        assertThat(change(killed)).isNotNull();
      }
      try (QmpClient next = QmpClient.connect(qemu.address())) {
        assertThat(SettingsGuard.putBackLeftOvers(next)).isTrue();
        assertThat(new TreeMap<>(capabilities)).isEqualTo(before);
        assertThat(parameters).isEqualTo(parametersBefore);
        assertThat(SettingsGuard.putBackLeftOvers(next)).isFalse();
      }
    }
  }

  private static SettingsGuard change(QmpClient qmp) throws Exception {
    return SettingsGuard.change(
        qmp,
        RunState.Known.RUNNING,
        Set.of("events", "return-path"),
        JsonObject.of("downtime-limit", 5, "max-bandwidth", 0));
  }

  private JsonValue answer(JsonObject request) {
    JsonObject arguments = request.optObject("arguments").orElse(JsonObject.EMPTY);
    switch (request.string("execute")) {
      case "query-migrate-capabilities" -> {
        return new JsonArray(
            capabilities.entrySet().stream()
                .<JsonValue>map(e -> JsonObject.of("capability", e.getKey(), "state", e.getValue()))
                .toList());
      }
      case "migrate-set-capabilities" ->
          arguments
              .array("capabilities")
              .objects()
              .forEach(c -> capabilities.put(c.string("capability"), c.bool("state")));
      case "query-migrate-parameters" -> {
        return parameters;
      }
      case "migrate-set-parameters" ->
          arguments.members().forEach((name, value) -> parameters = parameters.with(name, value));
      default -> {}
    }
    return JsonObject.EMPTY;
  }
}
