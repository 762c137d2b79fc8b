// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

import dev.tidemark.qmp.json.JsonException;
import dev.tidemark.qmp.json.JsonLimits;
import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;

/// Cuts a stream of bytes into JSON objects, by their braces.
///
/// Line ends would not do: a monitor with `pretty=on` spreads a message over many lines. A line end
/// inside a string is no JSON, so garbage that opens a quote is seen at its first line end.
final class MessageFramer {
  private static final int SMALL = 1 << 13;
  private static final int KEEP = 1 << 20;
  private static final int EXCERPT = 120;

  private final JsonLimits limits;
  private byte[] message = new byte[SMALL];
  private int length;
  private int depth;
  private boolean inString;
  private boolean escaped;

  MessageFramer(JsonLimits limits) {
    this.limits = limits;
  }

  /// Takes all bytes of `in` and hands on each message that they complete.
  void feed(ByteBuf in, Consumer<JsonObject> sink) throws QmpException.ProtocolViolated {
    while (in.isReadable()) {
      byte b = in.readByte();
      if (depth == 0) {
        if (b == ' ' || b == '\n' || b == '\r' || b == '\t') {
          continue;
        }
        if (b != '{') {
          throw garbage(in);
        }
      }
      append(b);
      step(b);
      if (depth == 0) {
        sink.accept(take());
      }
    }
  }

  /// Whether a message has begun and not ended.
  boolean isInsideMessage() {
    return depth > 0;
  }

  private void step(byte b) throws QmpException.ProtocolViolated {
    if (inString) {
      if (b == '\n' || b == '\r') {
        throw violated("a line end inside a string");
      }
      if (escaped) {
        escaped = false;
      } else if (b == '\\') {
        escaped = true;
      } else if (b == '"') {
        inString = false;
      }
      return;
    }
    switch (b) {
      case '"' -> inString = true;
      case '{', '[' -> {
        if (++depth > limits.maxDepth()) {
          throw violated("a message nested deeper than " + limits.maxDepth());
        }
      }
      case '}', ']' -> depth--;
      default -> {
        // A part of a number or a word; the parser judges it.
      }
    }
  }

  private void append(byte b) throws QmpException.ProtocolViolated {
    if (length == message.length) {
      if (length >= limits.maxBytes()) {
        throw violated("a message longer than " + limits.maxBytes() + " bytes");
      }
      message =
          Arrays.copyOf(message, (int) Math.min((long) message.length * 2, limits.maxBytes()));
    }
    message[length++] = b;
  }

  private JsonObject take() throws QmpException.ProtocolViolated {
    try {
      return JsonValue.parse(message, 0, length, limits).asObject();
    } catch (JsonException e) {
      throw new QmpException.ProtocolViolated("a message that is not JSON", excerpt(), e);
    } finally {
      length = 0;
      if (message.length > KEEP) {
        message = new byte[SMALL];
      }
    }
  }

  private QmpException.ProtocolViolated violated(String what) {
    return new QmpException.ProtocolViolated(what, excerpt(), null);
  }

  private String excerpt() {
    return printable(message, Math.min(length, EXCERPT));
  }

  private static QmpException.ProtocolViolated garbage(ByteBuf in) {
    in.readerIndex(in.readerIndex() - 1);
    byte[] some = new byte[Math.min(in.readableBytes(), EXCERPT)];
    in.readBytes(some);
    in.skipBytes(in.readableBytes());
    return new QmpException.ProtocolViolated("this is not QMP", printable(some, some.length), null);
  }

  static String printable(byte[] bytes, int length) {
    String text = new String(bytes, 0, length, StandardCharsets.UTF_8);
    return text.strip().replaceAll("\\p{Cntrl}", "?");
  }
}
