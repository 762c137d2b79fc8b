// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.command;

import dev.tidemark.stream.command.ReturnPathMessage.Pong;
import dev.tidemark.stream.command.ReturnPathMessage.ReceivedBitmap;
import dev.tidemark.stream.command.ReturnPathMessage.RequestPages;
import dev.tidemark.stream.command.ReturnPathMessage.RequestPagesOf;
import dev.tidemark.stream.command.ReturnPathMessage.ResumeAck;
import dev.tidemark.stream.command.ReturnPathMessage.Shut;
import dev.tidemark.stream.command.ReturnPathMessage.SwitchoverAck;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/// Writes the messages of a return path: what a destination says.
///
/// A message is with the channel when [#write] returns. Used by one thread at a time.
public final class ReturnPathWriter implements Closeable {
  private static final int SIZE_NAME = 1;

  private final WritableByteChannel channel;

  /// A writer before the first message.
  ///
  /// @param channel in blocking mode; closed by the writer
  public ReturnPathWriter(WritableByteChannel channel) {
    this.channel = channel;
  }

  /// Writes a message.
  ///
  /// @param message what to say
  /// @throws IOException if the channel throws
  public void write(ReturnPathMessage message) throws IOException {
    switch (message) {
      case Shut(int status) -> send(message(ReturnPathDescriptor.SHUT, 4).putInt(status));
      case Pong(int value) -> send(message(ReturnPathDescriptor.PONG, 4).putInt(value));
      case RequestPagesOf(String block, long start, int length) -> {
        byte[] name = Payload.name(block);
        send(
            message(ReturnPathDescriptor.REQ_PAGES_ID, 12 + SIZE_NAME + name.length)
                .putLong(start)
                .putInt(length)
                .put((byte) name.length)
                .put(name));
      }
      case RequestPages(long start, int length) ->
          send(message(ReturnPathDescriptor.REQ_PAGES, 12).putLong(start).putInt(length));
      case ReceivedBitmap(String block, byte[] bitmap) -> {
        byte[] name = Payload.name(block);
        send(
            message(ReturnPathDescriptor.RECV_BITMAP, SIZE_NAME + name.length)
                .put((byte) name.length)
                .put(name));
        send(ByteBuffer.allocate(8).putLong(bitmap.length));
        drain(ByteBuffer.wrap(bitmap));
        send(ByteBuffer.allocate(8).putLong(ReturnPathDescriptor.BITMAP_END));
      }
      case ResumeAck(int value) -> send(message(ReturnPathDescriptor.RESUME_ACK, 4).putInt(value));
      case SwitchoverAck _ -> send(message(ReturnPathDescriptor.SWITCHOVER_ACK, 0));
    }
  }

  private static ByteBuffer message(int type, int length) {
    return ByteBuffer.allocate(ReturnPathDescriptor.SIZE_HEADER + length)
        .putShort((short) type)
        .putShort((short) length);
  }

  private void send(ByteBuffer filled) throws IOException {
    drain(filled.flip());
  }

  private void drain(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /// Closes the channel.
  @Override
  public void close() throws IOException {
    channel.close();
  }
}
