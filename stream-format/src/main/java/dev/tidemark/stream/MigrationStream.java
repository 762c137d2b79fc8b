// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.stream.vmstate.VmDescription;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.Optional;

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
/// @param layout what tells the lengths of device sections before RAM where the stream's own vmdesc
///     cannot be seen beforehand; absent: they are refused then
public record MigrationStream(
    TargetPageSize targetPageSize,
    StreamLimits limits,
    int windowBytes,
    boolean deviceTail,
    Optional<VmDescription> layout) {
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
    return new MigrationStream(
        targetPageSize, StreamLimits.DEFAULT, DEFAULT_WINDOW_BYTES, false, Optional.empty());
  }

  /// The same with other limits.
  ///
  /// @param newLimits how much a reader accepts
  public MigrationStream withLimits(StreamLimits newLimits) {
    return new MigrationStream(targetPageSize, newLimits, windowBytes, deviceTail, layout);
  }

  /// The same with another window.
  ///
  /// @param bytes its size, at least 128 KiB
  public MigrationStream withWindow(int bytes) {
    return new MigrationStream(targetPageSize, limits, bytes, deviceTail, layout);
  }

  /// The same, but device state always comes as one [StreamElement.DeviceStateTail].
  public MigrationStream withDeviceTail() {
    return new MigrationStream(targetPageSize, limits, windowBytes, true, layout);
  }

  /// The same with a layout for device sections that come before RAM, such as
  /// `virtio-mem-device-early`. Needed on a pipe only: a seekable source has its own in vmdesc,
  /// which goes first.
  ///
  /// @param newLayout vmdesc of a stream of the same machine
  public MigrationStream withLayout(VmDescription newLayout) {
    return new MigrationStream(
        targetPageSize, limits, windowBytes, deviceTail, Optional.of(newLayout));
  }

  /// The same with the layout that stands at the end of the stream; without one if there is none
  /// that can be read.
  ///
  /// @param end the last bytes of the stream
  /// @throws IOException if they cannot be read
  public MigrationStream withLayoutAtEnd(ByteSource end) throws IOException {
    return new MigrationStream(
        targetPageSize, limits, windowBytes, deviceTail, VmdescLocator.layout(end, limits));
  }

  /// Reads a stream that can be read at random: vmdesc is looked up first, and device sections are
  /// delimited by it. Zero bytes behind the end are passed over.
  ///
  /// @param source closed by the reader
  /// @return a reader before the first element
  /// @throws IOException if the source cannot be read
  public StreamReader read(ByteSource source) throws IOException {
    return StreamReader.seekable(this, source, 0);
  }

  /// Reads a stream that starts somewhere in its file. Stream offsets count from its own start;
  /// only
  /// the places in the headers of a `mapped-ram` stream count from the start of the file.
  ///
  /// Of a `mapped-ram` stream nothing is touched but what is asked for: pages that are not visited
  /// are not read, nor are the holes between them.
  ///
  /// @param source the file; closed by the reader
  /// @param start where the stream starts in it, in bytes, 0 or more
  /// @return a reader before the first element
  /// @throws IOException if the source cannot be read
  public StreamReader read(ByteSource source, long start) throws IOException {
    checkStart(start);
    return StreamReader.seekable(this, source, start);
  }

  /// Reads a stream that comes piece by piece. Device state is delivered as one tail: when vmdesc
  /// has come whole, without waiting for the channel's end, or else at its end. What comes behind a
  /// vmdesc is not looked at.
  ///
  /// No more bytes are waited for than the element or page at hand needs. A `mapped-ram` stream is
  /// the exception: the block list comes after most of the pages, so that START keeps them, up to
  /// [StreamLimits#pipedRamBytes].
  ///
  /// @param channel in blocking mode; closed by the reader
  /// @return a reader before the first element
  public StreamReader read(ReadableByteChannel channel) {
    return StreamReader.piped(this, channel, 0);
  }

  /// Reads a stream that comes piece by piece from a file in which it does not start at 0; see
  /// [#read(ReadableByteChannel)].
  ///
  /// @param channel in blocking mode; closed by the reader
  /// @param start where the channel's first byte stood in its file, 0 or more
  /// @return a reader before the first element
  public StreamReader read(ReadableByteChannel channel, long start) {
    checkStart(start);
    return StreamReader.piped(this, channel, start);
  }

  private static void checkStart(long start) {
    if (start < 0 || start > Long.MAX_VALUE / 4) {
      throw new IllegalArgumentException("start " + start);
    }
  }

  /// Writes a stream.
  ///
  /// @param channel in blocking mode; closed by the writer
  /// @return a writer before the first element
  public static StreamWriter write(WritableByteChannel channel) {
    return new StreamWriter(channel);
  }
}
