// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import java.io.IOException;

/// A migration stream, or a file that holds one, that cannot be read.
///
/// [#streamOffset] is where the first wrong byte stands, [#context] is what was being read. The
/// message has one shape: *what* `at offset 0x…` `while reading` *context*.
public abstract sealed class StreamException extends IOException {
  private static final long serialVersionUID = 1L;

  private final long streamOffset;
  private final String context;

  private StreamException(String what, long streamOffset, String context) {
    super(what + " at offset 0x" + Long.toHexString(streamOffset) + " while reading " + context);
    this.streamOffset = streamOffset;
    this.context = context;
  }

  /// Offset of the first byte of the thing that is wrong, in bytes from the start of the input.
  public long streamOffset() {
    return streamOffset;
  }

  /// What was being read, such as `section footer`.
  public String context() {
    return context;
  }

  /// The input ended inside an element.
  public static final class Truncated extends StreamException {
    private static final long serialVersionUID = 1L;

    /// An input that ends too early.
    ///
    /// @param what what is missing, lower case, no full stop
    /// @param streamOffset offset of the first missing byte
    /// @param context what was being read
    public Truncated(String what, long streamOffset, String context) {
      super(what, streamOffset, context);
    }
  }

  /// The bytes break the format.
  public static final class Malformed extends StreamException {
    private static final long serialVersionUID = 1L;

    /// Bytes that no writer of the format makes.
    ///
    /// @param what what is wrong, lower case, no full stop
    /// @param streamOffset offset of the first wrong byte
    /// @param context what was being read
    public Malformed(String what, long streamOffset, String context) {
      super(what, streamOffset, context);
    }
  }

  /// Legal, but this version does not read it.
  public static final class Unsupported extends StreamException {
    private static final long serialVersionUID = 1L;

    /// Bytes that are legal and not read here.
    ///
    /// @param what what is not supported, lower case, no full stop
    /// @param streamOffset offset of its first byte
    /// @param context what was being read
    public Unsupported(String what, long streamOffset, String context) {
      super(what, streamOffset, context);
    }
  }

  /// Legal, but above a value of [StreamLimits].
  public static final class LimitExceeded extends StreamException {
    private static final long serialVersionUID = 1L;

    /// A length or count above its limit.
    ///
    /// @param what which limit and by what, lower case, no full stop
    /// @param streamOffset offset of the length or count
    /// @param context what was being read
    public LimitExceeded(String what, long streamOffset, String context) {
      super(what, streamOffset, context);
    }
  }
}
