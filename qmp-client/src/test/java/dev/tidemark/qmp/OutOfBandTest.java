// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.tidemark.qmp.command.QueryYank;
import dev.tidemark.qmp.command.Raw;
import dev.tidemark.qmp.fixture.FakeQmpServer;
import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Out-of-band commands against a scripted server.
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class OutOfBandTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final JsonValue NONE = JsonValue.of(List.of());

  @Test
  void whatIsOfferedIsNegotiatedUnlessItIsNotWanted() throws Exception {
    AtomicReference<JsonObject> negotiation = new AtomicReference<>();
    FakeQmpServer.Script script =
        client -> {
          negotiation.set(client.greet("oob", "of-tomorrow"));
          client.receiveOrEnd();
        };
    try (FakeQmpServer server = FakeQmpServer.start(script)) {
      try (QmpClient qmp = QmpClient.connect(server.address())) {
        assertThat(qmp.isOutOfBand()).isTrue();
        assertThat(negotiation.get().object("arguments"))
            .isEqualTo(JsonObject.of("enable", List.of("oob")));
      }
      QmpOptions without = QmpOptions.DEFAULT.withOob(false);
      try (QmpClient qmp = QmpClient.connect(server.address(), without)) {
        assertThat(qmp.isOutOfBand()).isFalse();
        assertThat(negotiation.get().object("arguments").array("enable").size()).isZero();
        assertThatExceptionOfType(QmpException.Unsupported.class)
            .isThrownBy(() -> qmp.executeOutOfBand(new QueryYank()));
      }
    }
  }

  @Test
  void itGoesPastAllThatWaitAndTheirOrderIsKept() throws Exception {
    List<Long> seen = new ArrayList<>();
    CountDownLatch passed = new CountDownLatch(1);
    FakeQmpServer.Script script =
        client -> {
          client.greet("oob");
          List<JsonObject> held = new ArrayList<>();
          JsonObject command = client.receive();
          while (!command.has("exec-oob")) {
            held.add(command);
            command = client.receive();
          }
          // No more than QEMU's queue takes before it stops reading.
          assertThat(held).hasSizeLessThan(8);
          client.reply(command, NONE);
          passed.await();
          for (JsonObject each : held) {
            seen.add(each.object("arguments").longValue("n"));
            client.reply(each, JsonObject.EMPTY);
          }
          while (seen.size() < 10_000) {
            JsonObject each = client.receive();
            seen.add(each.object("arguments").longValue("n"));
            client.reply(each, JsonObject.EMPTY);
          }
          client.receiveOrEnd();
        };
    try (FakeQmpServer server = FakeQmpServer.start(script);
        QmpClient qmp = QmpClient.connect(server.address())) {
      List<CompletableFuture<JsonValue>> waiting = new ArrayList<>();
      for (long n = 0; n < 10_000; n++) {
        waiting.add(qmp.submit(new Raw("x", JsonObject.of("n", n)), PATIENCE));
      }
      assertThat(qmp.executeOutOfBand(new QueryYank())).isEmpty();
      assertThat(waiting).noneMatch(CompletableFuture::isDone);
      passed.countDown();
      CompletableFuture.allOf(waiting.toArray(CompletableFuture[]::new)).get(30, TimeUnit.SECONDS);
      assertThat(seen).hasSize(10_000).isSorted();
    }
  }

  @Test
  void aCancelledCommandThatWaitsIsNeverSentAndOneThatIsSentIsForgotten() throws Exception {
    CountDownLatch firstCame = new CountDownLatch(1);
    CountDownLatch cancelled = new CountDownLatch(1);
    List<String> received = new ArrayList<>();
    FakeQmpServer.Script script =
        client -> {
          client.greet("oob");
          JsonObject first = client.receive();
          received.add(first.string("execute"));
          firstCame.countDown();
          cancelled.await();
          client.reply(first, JsonObject.EMPTY); // late: dropped, and makes room
          while (true) {
            JsonObject command = client.receive();
            received.add(command.string("execute"));
            client.reply(command, JsonObject.EMPTY);
          }
        };
    try (FakeQmpServer server = FakeQmpServer.start(script);
        QmpClient qmp = QmpClient.connect(server.address())) {
      List<CompletableFuture<JsonValue>> calls = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        calls.add(qmp.submit(new Raw("c" + i)));
      }
      firstCame.await();
      CompletableFuture<JsonValue> sent = calls.getFirst();
      CompletableFuture<JsonValue> unsent = calls.getLast();
      assertThat(sent.cancel(false)).isTrue();
      assertThat(unsent.cancel(false)).isTrue();
      cancelled.countDown();
      for (CompletableFuture<JsonValue> each : calls.subList(1, 9)) {
        assertThat(each.get(30, TimeUnit.SECONDS)).isEqualTo(JsonObject.EMPTY);
      }
      qmp.execute(new Raw("last"));
      assertThat(received)
          .containsExactly("c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "last");
    }
  }
}
