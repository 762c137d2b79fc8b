// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import dev.tidemark.stream.StreamElement.DeviceStateTail;
import dev.tidemark.stream.StreamElement.VmDescription;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// What stands behind RAM: the device sections as one piece, EOF, vmdesc, and padding.
final class StreamEnd {
  private final StreamWindow in;
  private final StreamLimits limits;
  private final boolean piped;

  /// Where EOF and vmdesc were found beforehand; null on a pipe, and without vmdesc.
  private final VmdescLocator.@Nullable Place place;

  private final SectionFooters footers;

  /// Whether checkpoints of COLO may follow.
  boolean colo;

  /// Whether there was a package, so that this is a postcopy stream.
  boolean packaged;

  /// Where what follows the first migration under COLO begins; -1 if nothing has been met.
  private long behindColo = -1;

  StreamEnd(
      StreamWindow in,
      StreamLimits limits,
      boolean piped,
      VmdescLocator.@Nullable Place place,
      SectionFooters footers) {
    this.in = in;
    this.limits = limits;
    this.piped = piped;
    this.place = place;
    this.footers = footers;
  }

  /// Refuses what follows the first migration under COLO, if anything has been met.
  void refuseColo() throws StreamException {
    if (behindColo >= 0) {
      throw new StreamException.Unsupported(
          "COLO checkpoint behind the first migration", behindColo, "element type");
    }
  }

  /// Everything from the first device section on.
  ///
  /// @param at where that starts
  DeviceStateTail tail(long at) throws IOException {
    return place == null ? readTail(at) : readLocatedTail(at, place);
  }

  private DeviceStateTail readLocatedTail(long at, VmdescLocator.Place end) throws IOException {
    String context = "device state";
    long sectionsLength = end.eof() - at;
    if (sectionsLength <= 0) {
      throw in.malformed("device section behind the end of the sections", at, context);
    }
    if (sectionsLength > limits.deviceStateBytes()) {
      throw new StreamException.LimitExceeded(
          "device state of " + sectionsLength + " bytes", at, context);
    }
    byte[] bytes = in.bytes((int) (end.end() - at), context);
    return new DeviceStateTail(at, bytes, (int) sectionsLength);
  }

  private DeviceStateTail readTail(long at) throws IOException {
    String context = "device state";
    long most = Math.min((long) limits.deviceStateBytes() + limits.vmdescBytes(), 1 << 30);
    GrowingBytes bytes = new GrowingBytes(1 << 18);
    VmdescLocator.Growing ends = new VmdescLocator.Growing();
    while (in.ensure(1)) {
      if (bytes.size() + (long) in.remaining() > most) {
        throw new StreamException.LimitExceeded(
            "device state of more than " + most + " bytes", at, context);
      }
      bytes.take(in, in.remaining());
      if (colo) {
        // More may have come with the same read, and ends as this does.
        VmdescLocator.Place first = ends.first(bytes.array(), bytes.size());
        if (first != null) {
          int end = (int) first.end();
          noteColo(at, bytes, end);
          return new DeviceStateTail(at, Arrays.copyOf(bytes.array(), end), (int) first.eof());
        }
        continue;
      }
      int eof = piped ? ends.atEnd(bytes.array(), bytes.size()) : -1;
      if (eof > 0) {
        return new DeviceStateTail(at, bytes.toArray(), eof);
      }
    }
    int end = VmdescLocator.withoutPadding(bytes.array(), bytes.size());
    int eof = VmdescLocator.inPrefix(bytes.array(), end);
    if (eof > 0) {
      return new DeviceStateTail(at, Arrays.copyOf(bytes.array(), end), eof);
    }
    return tailWithoutVmdesc(at, bytes);
  }

  /// No vmdesc: the last byte must be EOF, and a footer before it where the stream has footers.
  private DeviceStateTail tailWithoutVmdesc(long at, GrowingBytes bytes) throws StreamException {
    int eof = bytes.size() - 1;
    byte[] array = bytes.array();
    boolean whole = eof > 0 && array[eof] == StreamDescriptor.EOF;
    if (whole && footers.are()) {
      int footer = eof - StreamDescriptor.SIZE_FOOTER;
      whole = footer > 0 && array[footer] == StreamDescriptor.SECTION_FOOTER;
    }
    if (!whole) {
      throw in.truncated("device state");
    }
    return new DeviceStateTail(at, bytes.toArray(), eof);
  }

  /// What stands behind an EOF that came by itself; null if that is nothing, or padding.
  @Nullable VmDescription vmdesc() throws IOException {
    String context = "vmdesc";
    long at = in.streamOffset();
    // Behind a postcopy stream nothing comes: a peer that waits for an answer is not waited for.
    if ((packaged && piped) || !in.ensure(1)) {
      return null;
    }
    int type = in.peek();
    if (type == StreamDescriptor.EOF) {
      passPadding();
      return null;
    }
    if (type != StreamDescriptor.VMDESCRIPTION) {
      throw in.malformed(
          "element type 0x" + Integer.toHexString(type) + " behind the end of the sections",
          at,
          "element type");
    }
    in.position++;
    int length = in.be32(context);
    if (length < 0 || length > limits.vmdescBytes()) {
      throw new StreamException.LimitExceeded(
          "vmdesc of " + Integer.toUnsignedString(length) + " bytes", at + 1, context);
    }
    long jsonAt = in.streamOffset();
    byte[] json = in.bytes(length, context);
    if (!VmdescLocator.isObject(json, 0, length)) {
      throw in.malformed("vmdesc that is no JSON object", jsonAt, context);
    }
    if (colo) {
      noteColo(in.streamOffset(), new GrowingBytes(0), 0);
    } else if (!piped) {
      passPadding();
    }
    return new VmDescription(at, new String(json, StandardCharsets.US_ASCII));
  }

  /// Notes where COLO goes on: at the first byte behind the first migration that is no padding. On
  /// a
  /// pipe only what has come is looked at, since the source waits for an answer.
  private void noteColo(long at, GrowingBytes bytes, int end) throws IOException {
    for (int i = end; i < bytes.size() && behindColo < 0; i++) {
      behindColo = bytes.array()[i] == 0 ? -1 : at + i;
    }
    while (behindColo < 0 && (in.remaining() > 0 || !piped) && in.ensure(1)) {
      behindColo = in.peek() == 0 ? -1 : in.streamOffset();
      in.position++;
    }
  }

  private void passPadding() throws IOException {
    while (in.ensure(1)) {
      if (in.peek() != 0) {
        throw in.malformed("bytes behind the end of the stream", in.streamOffset(), "padding");
      }
      in.position++;
    }
  }
}
