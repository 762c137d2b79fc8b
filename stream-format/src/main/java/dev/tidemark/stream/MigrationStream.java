// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import dev.tidemark.checkpoint.ByteSource;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/// Where reading and writing of migration streams starts.
///
/// ```java
/// try (StreamReader in = MigrationStream.of(TargetPageSize.detect()).read(ByteSource.of(file))) {
///   for (StreamElement e = in.next(); e != null; e = in.next()) {
///     if (e instanceof StreamElement.RamSection ram) {
///       ram.pages().forEach(visitor);
///     }
///   }
/// }
/// ```
///
/// Immutable: each `with` gives a changed copy.
///
/// @param targetPageSize the guest's page size, or how to find it
/// @param limits how much a reader accepts
/// @param windowBytes size of the reader's window, allocated outside the heap; at least 128 KiB
/// @param deviceTail whether device state is delivered as one tail even where its sections can be
///     delimited
public record MigrationStream(
    TargetPageSize targetPageSize, StreamLimits limits, int windowBytes, boolean deviceTail) {
  /// Window of a reader unless told otherwise: enough for a read to bring many pages at once.
  public static final int DEFAULT_WINDOW_BYTES = 4 << 20;

  private static final int MIN_WINDOW_BYTES = 128 << 10;

  /// Checks the window.
  public MigrationStream {
    if (windowBytes < MIN_WINDOW_BYTES) {
      throw new IllegalArgumentException("window of " + windowBytes + " bytes");
    }
  }

  /// Settings with default limits and window.
  ///
  /// @param targetPageSize the guest's page size, or how to find it
  public static MigrationStream of(TargetPageSize targetPageSize) {
    return new MigrationStream(targetPageSize, StreamLimits.DEFAULT, DEFAULT_WINDOW_BYTES, false);
  }

  /// The same with other limits.
  ///
  /// @param newLimits how much a reader accepts
  public MigrationStream withLimits(StreamLimits newLimits) {
    return new MigrationStream(targetPageSize, newLimits, windowBytes, deviceTail);
  }

  /// The same with another window.
  ///
  /// @param bytes its size, at least 128 KiB
  public MigrationStream withWindow(int bytes) {
    return new MigrationStream(targetPageSize, limits, bytes, deviceTail);
  }

  /// The same, but device state always comes as one [StreamElement.DeviceStateTail].
  public MigrationStream withDeviceTail() {
    return new MigrationStream(targetPageSize, limits, windowBytes, true);
  }

  /// Reads a stream that can be read at random: vmdesc is looked up first, and device sections are
  /// delimited by it. Zero bytes behind the end are passed over.
  ///
  /// @param source closed by the reader
  /// @return a reader before the first element
  /// @throws IOException if the source cannot be read
  public StreamReader read(ByteSource source) throws IOException {
    return StreamReader.seekable(this, source);
  }

  /// Reads a stream that comes piece by piece. Device state is delivered as one tail: when vmdesc
  /// has come whole, without waiting for the channel's end, or else at its end.
  ///
  /// No more bytes are waited for than the element or page at hand needs.
  ///
  /// @param channel in blocking mode; closed by the reader
  /// @return a reader before the first element
  public StreamReader read(ReadableByteChannel channel) {
    return StreamReader.piped(this, channel);
  }

  /// Writes a stream.
  ///
  /// @param channel in blocking mode; closed by the writer
  /// @return a writer before the first element
  public static StreamWriter write(WritableByteChannel channel) {
    return new StreamWriter(channel);
  }
}
