// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.tidemark.qmp.command.MigrationStatus;
import dev.tidemark.qmp.command.Raw;
import dev.tidemark.qmp.event.QmpEvent;
import dev.tidemark.qmp.fixture.FakeQmpServer;
import dev.tidemark.qmp.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Many events, and slow listeners; and what an event says.
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class EventFloodTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int FLOOD = 100_000;

  /// Sends a flood, answers, and serves further commands.
  private static void flood(FakeQmpServer.Client client) throws java.io.IOException {
    client.greet();
    JsonObject command = client.receive();
    StringBuilder events = new StringBuilder();
    for (int i = 0; i < FLOOD; i++) {
      JsonObject timestamp = JsonObject.of("seconds", i, "microseconds", i % 1_000_000);
      events.append(
          JsonObject.of("timestamp", timestamp, "event", "E", "data", JsonObject.of("n", i)));
      if (i % 1000 == 999) {
        client.send(events.toString());
        events.setLength(0);
      }
    }
    client.reply(command, JsonObject.EMPTY);
    client.receiveOrEnd();
  }

  @Test
  void belowTheBoundNoneIsLostHoweverSlowTheListeners() throws Exception {
    QmpOptions roomy = QmpOptions.DEFAULT.withEventCapacity(FLOOD);
    try (FakeQmpServer server = FakeQmpServer.start(EventFloodTest::flood);
        QmpClient qmp = QmpClient.connect(server.address(), roomy);
        EventListener first = qmp.listen();
        EventListener second = qmp.listen("E");
        EventListener none = qmp.listen("F")) {
      // The reply stands behind all events: that it comes shows that the reader has not waited.
      qmp.execute(new Raw("flood"), PATIENCE);
      for (int i = 0; i < FLOOD; i++) {
        Event event = first.poll().orElseThrow();
        assertThat(event.data().longValue("n")).isEqualTo(i);
        assertThat(event.timestamp()).isEqualTo(Instant.ofEpochSecond(i, i % 1_000_000 * 1000L));
        assertThat(second.poll().orElseThrow()).isEqualTo(event);
      }
      assertThat(first.poll()).isEmpty();
      assertThat(none.poll()).isEmpty();
    }
  }

  @Test
  void beyondTheBoundTheOverflowIsToldInItsPlace() throws Exception {
    try (FakeQmpServer server = FakeQmpServer.start(EventFloodTest::flood);
        QmpClient qmp = QmpClient.connect(server.address());
        EventListener slow = qmp.listen("E")) {
      qmp.execute(new Raw("flood"), PATIENCE);
      int capacity = QmpOptions.DEFAULT.eventCapacity();
      assertThat(capacity).isEqualTo(65_536);
      for (int i = 0; i < capacity; i++) {
        assertThat(slow.poll().orElseThrow().data().longValue("n")).isEqualTo(i);
      }
      assertThatExceptionOfType(QmpException.EventsLost.class)
          .isThrownBy(slow::poll)
          .matches(e -> e.count() == FLOOD - capacity);
      assertThat(slow.poll()).isEmpty();
    }
  }

  @Test
  void theNextWantedEventIsFoundBehindOthers() throws Exception {
    try (FakeQmpServer server = FakeQmpServer.start(EventFloodTest::flood);
        QmpClient qmp = QmpClient.connect(server.address());
        EventListener events = qmp.listen()) {
      var reply = qmp.submit(new Raw("flood"), PATIENCE);
      Event wanted =
          events.next(event -> event.data().longValue("n") == 4711, PATIENCE).orElseThrow();
      assertThat(wanted.timestamp()).isEqualTo(Instant.ofEpochSecond(4711, 4_711_000));
      assertThat(reply).succeedsWithin(PATIENCE);
      assertThat(qmp.listen().next(_ -> true, Duration.ofMillis(5))).isEmpty();
    }
  }

  @Test
  void anEventIsReadAsARecordAndKeepsWhatIsNotKnown() throws Exception {
    JsonObject data = JsonObject.of("status", "levitating", "height", 7);
    QmpEvent event = new Event("MIGRATION", data, Instant.EPOCH).typed();
    assertThat(event)
        .isEqualTo(new QmpEvent.Migration(new MigrationStatus.Unknown("levitating"), data));
    assertThat(event.raw().longValue("height")).isEqualTo(7);
    assertThat(new Event("OF_TOMORROW", data, Instant.EPOCH).typed())
        .isEqualTo(new QmpEvent.Other("OF_TOMORROW", data));
    List<String> wanting = new ArrayList<>();
    for (String name :
        List.of(
            "MIGRATION",
            "MIGRATION_PASS",
            "SHUTDOWN",
            "RESET",
            "JOB_STATUS_CHANGE",
            "BLOCK_JOB_COMPLETED",
            "DUMP_COMPLETED")) {
      assertThatExceptionOfType(QmpException.ProtocolViolated.class)
          .isThrownBy(() -> new Event(name, JsonObject.EMPTY, Instant.EPOCH).typed())
          .withMessageStartingWith(name + ": an event of another form");
      wanting.add(name);
    }
    assertThat(wanting).hasSize(7);
  }
}
