// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.tidemark.qmp.json.JsonLimits;
import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import dev.tidemark.qmp.json.JsonValues;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class MessageFramerTest {

  @Property(tries = 300)
  void anySplitOfTheBytesGivesTheSameMessages(
      @ForAll("messages") List<JsonObject> messages, @ForAll long seed) throws Exception {
    Random random = new Random(seed);
    StringBuilder text = new StringBuilder();
    for (JsonObject message : messages) {
      text.append(random.nextBoolean() ? message.toJson() : pretty(message));
      text.append(random.nextBoolean() ? "\r\n" : " ");
    }
    ByteBuf bytes = Unpooled.wrappedBuffer(text.toString().getBytes(StandardCharsets.UTF_8));
    MessageFramer framer = new MessageFramer(JsonLimits.DEFAULT);
    List<JsonObject> received = new ArrayList<>();
    int longest = 1 + random.nextInt(40);
    while (bytes.isReadable()) {
      int part = Math.min(bytes.readableBytes(), 1 + random.nextInt(longest));
      framer.feed(bytes.readSlice(part), received::add);
    }
    assertThat(received).isEqualTo(messages);
    assertThat(framer.isInsideMessage()).isFalse();
  }

  @Property(tries = 500)
  void anyBytesGiveMessagesOrAViolation(@ForAll byte[] bytes) {
    MessageFramer framer = new MessageFramer(new JsonLimits(1 << 16, 16));
    byte[] opened = new byte[bytes.length + 1];
    opened[0] = '{';
    System.arraycopy(bytes, 0, opened, 1, bytes.length);
    try {
      framer.feed(Unpooled.wrappedBuffer(opened), _ -> {});
    } catch (QmpException.ProtocolViolated e) {
      assertThat(e.getMessage()).isNotBlank();
    }
  }

  @Test
  void nestingBeyondTheLimitIsRefusedBeforeItIsParsed() {
    MessageFramer framer = new MessageFramer(new JsonLimits(1 << 20, 64));
    String deep = "{\"a\":".repeat(65);
    assertThatExceptionOfType(QmpException.ProtocolViolated.class)
        .isThrownBy(() -> framer.feed(Unpooled.copiedBuffer(deep, StandardCharsets.UTF_8), _ -> {}))
        .withMessageContaining("nested deeper than 64");
  }

  @Test
  void bracesInsideStringsDoNotCount() throws Exception {
    JsonObject message = JsonObject.of("}{\"\\", "]}\\\"{", "b", List.of("}", "\u0000\u007f"));
    List<JsonObject> received = new ArrayList<>();
    new MessageFramer(JsonLimits.DEFAULT)
        .feed(Unpooled.copiedBuffer(message.toJson(), StandardCharsets.UTF_8), received::add);
    assertThat(received).containsExactly(message);
  }

  @Provide
  Arbitrary<List<JsonObject>> messages() {
    return JsonValues.objects().list().ofMaxSize(6);
  }

  /// The same value over many lines. White space goes only where JSON allows it: outside of
  /// strings.
  private static String pretty(JsonValue value) {
    StringBuilder out = new StringBuilder();
    boolean inString = false;
    boolean escaped = false;
    for (char c : value.toJson().toCharArray()) {
      out.append(c);
      if (inString) {
        inString = escaped || c != '"';
        escaped = !escaped && c == '\\';
      } else if (c == '"') {
        inString = true;
      } else if ("{[,:".indexOf(c) >= 0) {
        out.append("\n    ");
      }
    }
    return out.toString();
  }
}
