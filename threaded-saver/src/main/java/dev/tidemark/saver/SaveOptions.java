// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.saver;

import dev.tidemark.checkpoint.archive.ArchiveOptions;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/// How a VM is to be saved.
///
/// @param method the method
/// @param maxPause how long the guest may stand
/// @param maxTime how long a save may go on after its first pass before it switches over whatever
/// the
///     pause; absent: as long as the first pass took, at least a second
/// @param bufferBytes most bytes of page contents in the dirty-page table, its reserve included; at
///     least [#MIN_BUFFER]
/// @param receiveBytesPerSecond most bytes a second to take from QEMU while the guest runs; absent:
///     no limit
/// @param disksNone whether the writable disks are knowingly left out
/// @param compressors how many compressor threads there are, at least 1
/// @param archive how the archive is written
/// @param listener told how the save gets on
public record SaveOptions(
    SaveMethod method,
    Duration maxPause,
    Optional<Duration> maxTime,
    long bufferBytes,
    OptionalLong receiveBytesPerSecond,
    boolean disksNone,
    int compressors,
    ArchiveOptions archive,
    SaveListener listener) {

  /// The smallest dirty-page table, in bytes.
  public static final long MIN_BUFFER = 1L << 20;

  /// The largest dirty-page table, in bytes: what it keeps per page must fit into a small heap.
  public static final long MAX_BUFFER = 16L << 30;

  /// Checks the ranges.
  public SaveOptions {
    if (maxPause.isNegative() || maxPause.isZero()) {
      throw new IllegalArgumentException("the pause must be longer than nothing");
    }
    if (bufferBytes < MIN_BUFFER || bufferBytes > MAX_BUFFER) {
      throw new IllegalArgumentException("the buffer must be at least 1 MiB and at most 16 GiB");
    }
    if (compressors < 1) {
      throw new IllegalArgumentException("at least one compressor thread is needed");
    }
    if (receiveBytesPerSecond.isPresent() && receiveBytesPerSecond.getAsLong() < 1) {
      throw new IllegalArgumentException("the rate must be above nothing");
    }
  }

  /// The defaults: `precopy`, 10 ms, 256 MiB, LZ4.
  public static SaveOptions defaults() {
    return builder().build();
  }

  /// A builder that starts at the defaults.
  public static Builder builder() {
    return new Builder();
  }

  /// Builds options from the defaults on.
  public static final class Builder {
    private SaveMethod method = SaveMethod.PRECOPY;
    private Duration maxPause = Duration.ofMillis(10);
    private Optional<Duration> maxTime = Optional.empty();
    private long bufferBytes = 256L << 20;
    private OptionalLong receiveBytesPerSecond = OptionalLong.empty();
    private boolean disksNone;
    private int compressors = Math.clamp(Runtime.getRuntime().availableProcessors() / 2, 1, 4);
    private ArchiveOptions archive = ArchiveOptions.DEFAULT;
    private SaveListener listener = SaveListener.NONE;

    private Builder() {}

    /// Sets the method.
    ///
    /// @param value the method
    public Builder method(SaveMethod value) {
      method = value;
      return this;
    }

    /// Sets how long the guest may stand.
    ///
    /// @param value longer than nothing
    public Builder maxPause(Duration value) {
      maxPause = value;
      return this;
    }

    /// Sets how long the save may go on after its first pass.
    ///
    /// @param value the time
    public Builder maxTime(Duration value) {
      maxTime = Optional.of(value);
      return this;
    }

    /// Sets the size of the dirty-page table.
    ///
    /// @param value bytes, at least [SaveOptions#MIN_BUFFER]
    public Builder bufferBytes(long value) {
      bufferBytes = value;
      return this;
    }

    /// Sets how fast QEMU's stream is taken while the guest runs.
    ///
    /// @param value bytes a second
    public Builder receiveBytesPerSecond(long value) {
      receiveBytesPerSecond = OptionalLong.of(value);
      return this;
    }

    /// Says that writable disks are knowingly left out.
    ///
    /// @param value whether they are
    public Builder disksNone(boolean value) {
      disksNone = value;
      return this;
    }

    /// Sets the number of compressor threads.
    ///
    /// @param value at least 1
    public Builder compressors(int value) {
      compressors = value;
      return this;
    }

    /// Sets how the archive is written.
    ///
    /// @param value the archive's options
    public Builder archive(ArchiveOptions value) {
      archive = value;
      return this;
    }

    /// Sets the listener.
    ///
    /// @param value told how the save gets on
    public Builder listener(SaveListener value) {
      listener = value;
      return this;
    }

    /// The options.
    public SaveOptions build() {
      return new SaveOptions(
          method,
          maxPause,
          maxTime,
          bufferBytes,
          receiveBytesPerSecond,
          disksNone,
          compressors,
          archive,
          listener);
    }
  }
}
