// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.tidemark.qmp.command.QmpCommand;
import dev.tidemark.qmp.command.QueryBlock;
import dev.tidemark.qmp.command.QueryCpusFast;
import dev.tidemark.qmp.command.QueryMemorySizeSummary;
import dev.tidemark.qmp.command.QueryMigrate;
import dev.tidemark.qmp.command.QueryMigrateCapabilities;
import dev.tidemark.qmp.command.QueryNamedBlockNodes;
import dev.tidemark.qmp.command.QueryStatus;
import dev.tidemark.qmp.command.QueryVersion;
import dev.tidemark.qmp.command.QueryYank;
import dev.tidemark.qmp.command.Raw;
import dev.tidemark.qmp.event.QmpEvent;
import dev.tidemark.qmp.fixture.FakeQmpServer;
import dev.tidemark.qmp.json.JsonLimits;
import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Conversations with real QEMUs, replayed. `src/test/transcripts/record` has recorded them: QEMU
/// 10.0.2 and 7.2.22 of Debian, on 2026-11-24.
class TranscriptTest {
  private static final Map<String, QmpCommand<?>> TYPED =
      Stream.<QmpCommand<?>>of(
              new QueryBlock(),
              new QueryCpusFast(),
              new QueryMemorySizeSummary(),
              new QueryMigrate(),
              new QueryMigrateCapabilities(),
              new QueryNamedBlockNodes(),
              new QueryStatus(),
              new QueryVersion(),
              new QueryYank())
          .collect(Collectors.toMap(QmpCommand::wireName, Function.identity()));

  @ParameterizedTest
  @ValueSource(
      strings = {
        "10.0-states",
        "10.0-migration",
        "10.0-blocks-pretty",
        "7.2-states",
        "7.2-migration",
        "7.2-blocks-pretty"
      })
  void aConversationGoesAsItWent(String name) throws Exception {
    List<JsonObject> lines = lines(name);
    List<JsonObject> received = messages(text(lines));
    List<Event> told = new ArrayList<>();
    try (FakeQmpServer server = FakeQmpServer.start(client -> play(client, lines));
        QmpClient qmp = QmpClient.connect(server.address());
        EventListener events = qmp.listen()) {
      assertThat(qmp.greeting()).isEqualTo(received.getFirst().object("QMP"));
      List<JsonObject> sent =
          lines.stream().flatMap(line -> line.optObject("sent").stream()).toList();
      for (JsonObject command : sent.subList(1, sent.size())) {
        JsonObject reply =
            received.stream()
                .filter(each -> each.opt("id").equals(command.opt("id")))
                .findFirst()
                .orElseThrow();
        call(qmp, command, reply);
      }
      assertThatExceptionOfType(QmpException.Disconnected.class)
          .isThrownBy(
              () -> {
                while (true) {
                  told.add(events.next(java.time.Duration.ofSeconds(30)).orElseThrow());
                }
              });
    }
    List<Event> recorded =
        received.stream().filter(each -> each.has("event")).map(Event::of).toList();
    assertThat(told).isEqualTo(recorded);
    for (Event event : told) {
      assertThat(event.typed()).isNotInstanceOf(QmpEvent.Other.class);
    }
  }

  private static void play(FakeQmpServer.Client client, List<JsonObject> lines) throws IOException {
    for (JsonObject line : lines) {
      Optional<JsonObject> sent = line.optObject("sent");
      if (sent.isPresent()) {
        assertThat(client.receive()).isEqualTo(sent.get());
      } else {
        client.send(line.string("received"));
      }
    }
  }

  private static void call(QmpClient qmp, JsonObject command, JsonObject reply) throws Exception {
    boolean oob = command.has("exec-oob");
    Raw call =
        new Raw(
            command.string(oob ? "exec-oob" : "execute"),
            command.optObject("arguments").orElse(JsonObject.EMPTY));
    if (reply.has("error")) {
      assertThatExceptionOfType(QmpException.CommandFailed.class)
          .isThrownBy(() -> qmp.execute(call))
          .matches(e -> e.desc().equals(reply.object("error").string("desc")));
      return;
    }
    JsonValue returned = oob ? qmp.executeOutOfBand(call) : qmp.execute(call);
    assertThat(returned).isEqualTo(reply.value("return"));
    QmpCommand<?> typed = TYPED.get(call.wireName());
    if (typed != null) {
      assertThat(typed.decode(returned)).isNotNull();
    }
  }

  @Property(tries = 200)
  void anySplitOfItsBytesGivesTheSameMessages(@ForAll("transcripts") String name, @ForAll long seed)
      throws Exception {
    String text = text(lines(name));
    Random random = new Random(seed);
    int longest = 1 << random.nextInt(14);
    ByteBuf bytes = Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.UTF_8));
    MessageFramer framer = new MessageFramer(JsonLimits.DEFAULT);
    List<JsonObject> messages = new ArrayList<>();
    while (bytes.isReadable()) {
      int part = Math.min(bytes.readableBytes(), 1 + random.nextInt(longest));
      framer.feed(bytes.readSlice(part), messages::add);
    }
    assertThat(messages).isEqualTo(messages(text));
    assertThat(framer.isInsideMessage()).isFalse();
  }

  @Provide
  Arbitrary<String> transcripts() {
    return Arbitraries.of(
        "10.0-states", "10.0-migration", "10.0-blocks-pretty", "7.2-blocks-pretty");
  }

  private static String text(List<JsonObject> lines) {
    return lines.stream()
        .flatMap(line -> line.optString("received").stream())
        .collect(Collectors.joining());
  }

  private static List<JsonObject> messages(String text) throws QmpException {
    List<JsonObject> messages = new ArrayList<>();
    new MessageFramer(JsonLimits.DEFAULT)
        .feed(Unpooled.copiedBuffer(text, StandardCharsets.UTF_8), messages::add);
    return messages;
  }

  private static List<JsonObject> lines(String name) throws IOException {
    try (InputStream in =
        TranscriptTest.class.getResourceAsStream("/transcripts/" + name + ".jsonl")) {
      List<JsonObject> lines = new ArrayList<>();
      String all = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      for (String line : all.lines().toList()) {
        lines.add(JsonValue.parse(line).asObject());
      }
      return lines;
    }
  }
}
