// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.QmpException;
import dev.tidemark.qmp.fixture.FakeQmpServer;
import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jline.terminal.Attributes;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The prompt, on a pseudo-terminal, against a scripted server.
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class QmpPromptTest {
  private static final String SCHEMA =
      """
      [{"name": "query-status", "meta-type": "command", "arg-type": "0", "ret-type": "0"},
       {"name": "query-qmp-schema", "meta-type": "command", "arg-type": "0", "ret-type": "0"},
       {"name": "set", "meta-type": "command", "arg-type": "1", "ret-type": "0"},
       {"name": "slow", "meta-type": "command", "arg-type": "0", "ret-type": "0"},
       {"name": "quit", "meta-type": "command", "arg-type": "0", "ret-type": "0"},
       {"name": "0", "meta-type": "object", "members": []},
       {"name": "1", "meta-type": "object", "members": [{"name": "mode", "type": "2"},
         {"name": "now", "type": "bool", "default": null},
         {"name": "inner", "type": "3", "default": null}]},
       {"name": "3", "meta-type": "object", "members": [{"name": "speed", "type": "2"}]},
       {"name": "2", "meta-type": "enum", "values": ["fast", "slow"]},
       {"name": "bool", "meta-type": "builtin", "json-type": "boolean"}]
      """;

  /// Answers, and lets an event follow each `query-status`; at `quit`, or `die`, it goes.
  private static void serve(FakeQmpServer.Client client) throws IOException {
    serve(client, () -> {});
  }

  /// @param slow is told of the command that is never answered
  private static void serve(FakeQmpServer.Client client, Runnable slow) throws IOException {
    client.greet();
    while (true) {
      JsonObject command = client.receive();
      switch (command.string("execute")) {
        case "query-qmp-schema" -> client.reply(command, JsonValue.parse(SCHEMA));
        case "query-status" -> {
          client.reply(command, JsonObject.of("running", true));
          client.event("RESUME", JsonObject.of("n", 7), 1, 1);
        }
        case "slow" -> slow.run();
        case "set" -> client.reply(command, command.value("arguments"));
        case "die" -> {
          client.reply(command, JsonObject.EMPTY);
          return;
        }
        case "quit" -> {
          return;
        }
        default -> client.fail(command, "CommandNotFound", "in QEMU's words");
      }
    }
  }

  /// A prompt that runs on a thread of its own.
  private static final class Running implements AutoCloseable {
    private final PipedOutputStream keys = new PipedOutputStream();
    private final ByteArrayOutputStream screen = new ByteArrayOutputStream();
    private final Terminal terminal;
    private final CompletableFuture<String> ended = new CompletableFuture<>();

    Running(QmpClient client) throws IOException {
      terminal =
          TerminalBuilder.builder()
              .system(false)
              .type("xterm")
              .streams(new PipedInputStream(keys), screen)
              .build();
      terminal.setSize(new Size(120, 40));
      Thread.ofPlatform()
          .daemon()
          .start(
              () -> {
                try {
                  new QmpPrompt(new QmpSession(client), terminal).run();
                  ended.complete("well");
                } catch (Exception e) {
                  ended.completeExceptionally(e);
                }
              });
    }

    /// Types once the prompt reads: before, the terminal itself would take some of the keys.
    void type(String text) throws IOException, InterruptedException {
      while (terminal.getAttributes().getLocalFlag(Attributes.LocalFlag.ICANON)) {
        Thread.sleep(10);
      }
      keys.write(text.getBytes(StandardCharsets.UTF_8));
      keys.flush();
    }

    /// Waits until the screen has shown something.
    void awaitText(String wanted) throws InterruptedException {
      long start = System.nanoTime();
      while (!screen.toString(StandardCharsets.UTF_8).contains(wanted)) {
        assertThat(ended.isCompletedExceptionally()).as("%s", screen).isFalse();
        assertThat(System.nanoTime() - start)
            .as("waited for %s in %s", wanted, screen)
            .isLessThan(TimeUnit.SECONDS.toNanos(20));
        Thread.sleep(10);
      }
    }

    @Override
    public void close() throws IOException {
      terminal.close();
    }
  }

  @Test
  void commandsAreCompletedAndEventsShown() throws Exception {
    try (FakeQmpServer server = FakeQmpServer.start(QmpPromptTest::serve);
        QmpClient client = QmpClient.connect(server.address());
        Running prompt = new Running(client)) {
      prompt.awaitText("qmp> ");
      prompt.type("query-s\t\r");
      prompt.awaitText("\"running\" : true");
      prompt.awaitText(" RESUME {\"n\":7}");
      prompt.type("se\tm\tf\tno\tt\t\r");
      prompt.awaitText("\"mode\" : \"fast\"");
      prompt.awaitText("\"now\" : true");
      prompt.type("qeury-status\r");
      prompt.awaitText("this QEMU has no command \"qeury-status\"; did you mean");
      prompt.type("set {\r");
      prompt.awaitText("the arguments: not JSON: Unexpected end-of-input");
      prompt.type("\u0004");
      assertThat(prompt.ended.get(30, TimeUnit.SECONDS)).isEqualTo("well");
    }
  }

  @Test
  void whatIsWithinAnArgumentIsCompletedAndWhatIsGivenIsNotOfferedAgain() throws Exception {
    try (FakeQmpServer server = FakeQmpServer.start(QmpPromptTest::serve);
        QmpClient client = QmpClient.connect(server.address());
        Running prompt = new Running(client)) {
      prompt.awaitText("qmp> ");
      prompt.type("set mode=fast now=true \t.\ts\t\r");
      prompt.awaitText("\"speed\" : \"slow\"");
    }
  }

  @Test
  void ctrlCEmptiesTheLineOrEndsTheWaiting() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    try (FakeQmpServer server = FakeQmpServer.start(client -> serve(client, asked::countDown));
        QmpClient client = QmpClient.connect(server.address());
        Running prompt = new Running(client)) {
      prompt.awaitText("qmp> ");
      prompt.type("half a line");
      prompt.awaitText("half a line");
      prompt.screen.reset();
      prompt.terminal.raise(Terminal.Signal.INT);
      prompt.awaitText("qmp> ");
      prompt.type("slow\r");
      assertThat(asked.await(30, TimeUnit.SECONDS)).isTrue();
      prompt.terminal.raise(Terminal.Signal.INT);
      prompt.awaitText("no longer waiting; QEMU may still carry the command out");
      prompt.type("set mode=slow\r");
      prompt.awaitText("\"mode\" : \"slow\"");
      prompt.type("\u0004");
      assertThat(prompt.ended.get(30, TimeUnit.SECONDS)).isEqualTo("well");
    }
  }

  @Test
  void theEndOfTheVmEndsThePrompt() throws Exception {
    try (FakeQmpServer server = FakeQmpServer.start(QmpPromptTest::serve)) {
      try (QmpClient client = QmpClient.connect(server.address());
          Running prompt = new Running(client)) {
        prompt.awaitText("qmp> ");
        prompt.type("quit\r");
        assertThat(prompt.ended.get(30, TimeUnit.SECONDS)).isEqualTo("well");
      }
      try (QmpClient client = QmpClient.connect(server.address());
          Running prompt = new Running(client)) {
        prompt.awaitText("qmp> ");
        prompt.type("die\r");
        assertThatExceptionOfType(java.util.concurrent.ExecutionException.class)
            .isThrownBy(() -> prompt.ended.get(30, TimeUnit.SECONDS))
            .withCauseInstanceOf(QmpException.Disconnected.class);
      }
    }
  }
}
