// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.StreamElement.IterableSection;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.StreamWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Device state: everything of a migration stream that is no RAM.
///
/// @param early the device sections before RAM's pages, such as `virtio-mem-device-early`, as they
///     stand in the stream; usually empty; never shared
/// @param iterable the sections of iterable devices other than RAM, such as `spapr/htab`, in stream
///     order; usually empty
/// @param sections the records from the first device section behind RAM's pages up to, not
///     including, the EOF byte, as they stand in the stream; of a postcopy stream, those in its
///     package; never shared
/// @param vmdesc the vmdesc JSON behind EOF; absent where the source suppressed it, and in postcopy
public record DeviceState(
    byte[] early, List<IterableSection> iterable, byte[] sections, Optional<String> vmdesc) {
  /// Copies the list.
  public DeviceState {
    iterable = List.copyOf(iterable);
  }

  /// Device state with nothing but what stands behind RAM.
  ///
  /// @param sections as they stand in the stream
  /// @param vmdesc the JSON; absent where there is none
  public DeviceState(byte[] sections, Optional<String> vmdesc) {
    this(new byte[0], List.of(), sections, vmdesc);
  }

  /// The same with other sections behind RAM.
  ///
  /// @param newSections as they stand in the stream
  public DeviceState withSections(byte[] newSections) {
    return new DeviceState(early, iterable, newSections, vmdesc);
  }

  /// Gathers what comes before the device sections behind RAM, while a stream is read. Used by one
  /// thread.
  public static final class Builder {
    /// Most bytes of iterable sections; they are kept in memory.
    private static final long MOST_ITERABLE_BYTES = 1L << 30;

    private final ByteArrayOutputStream early = new ByteArrayOutputStream();
    private final List<IterableSection> iterable = new ArrayList<>();
    private long iterableBytes;

    /// Nothing yet.
    public Builder() {}

    /// Adds a device section that stands before RAM's pages.
    ///
    /// @param section as read
    public void early(DeviceSection section) {
      try (StreamWriter out = MigrationStream.write(Channels.newChannel(early))) {
        out.with(section);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /// Adds a section of an iterable device.
    ///
    /// @param section as read
    /// @throws StreamException.LimitExceeded if they are more than 1 GiB together
    public void iterable(IterableSection section) throws StreamException {
      iterableBytes += section.body().length;
      if (iterableBytes > MOST_ITERABLE_BYTES) {
        throw new StreamException.LimitExceeded(
            "live sections of more than " + MOST_ITERABLE_BYTES + " bytes",
            section.streamOffset(),
            "checkpoint");
      }
      iterable.add(section);
    }

    /// The early sections so far, as they stand in the stream.
    public byte[] early() {
      return early.toByteArray();
    }

    /// All device state.
    ///
    /// @param sections what stands behind RAM
    /// @param vmdesc the JSON; absent where there is none
    public DeviceState build(byte[] sections, Optional<String> vmdesc) {
      return new DeviceState(early(), iterable, sections, vmdesc);
    }
  }
}
