// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What QEMU, or the connection to it, did wrong.
///
/// ```
/// QmpException
///   ConnectFailed      no usable connection came about
///   CommandFailed      QEMU answered with an error
///   DeadlineExceeded   QEMU did not answer in time
///   Disconnected       the connection ended before an answer came
///   ProtocolViolated   what came is not QMP
///   EventsLost         a listener was read too slowly
///   Unsupported        this QEMU, or the transport, cannot do that; nothing was sent
/// ```
///
/// Commands are named, never quoted: their arguments may hold secrets.
public abstract sealed class QmpException extends IOException {
  private static final long serialVersionUID = 1L;

  private QmpException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /// No usable connection came about. The message says why and what to do.
  public static final class ConnectFailed extends QmpException {
    private static final long serialVersionUID = 1L;

    private final transient QmpAddress address;
    private final boolean taken;

    ConnectFailed(QmpAddress address, String why, @Nullable Throwable cause) {
      this(address, why, false, cause);
    }

    private ConnectFailed(
        QmpAddress address, String why, boolean taken, @Nullable Throwable cause) {
      super("cannot connect to " + address + ": " + why, cause);
      this.address = address;
      this.taken = taken;
    }

    static ConnectFailed taken(QmpAddress address, @Nullable Throwable cause) {
      return new ConnectFailed(
          address,
          "another client holds this monitor; close it, or give QEMU a second one"
              + " (-qmp unix:OTHER-PATH,server=on,wait=off); of a VM of libvirt, which holds its"
              + " monitor, add one with <qemu:commandline>"
              + (address instanceof QmpAddress.Tcp ? "; or the monitor wants TLS" : ""),
          true,
          cause);
    }

    /// Where the connection was to go.
    public QmpAddress address() {
      return address;
    }

    /// Whether the monitor is there and keeps silent, since it serves another client.
    public boolean isTaken() {
      return taken;
    }
  }

  /// QEMU answered a command with an error.
  public static final class CommandFailed extends QmpException {
    private static final long serialVersionUID = 1L;

    private final String sent;
    private final String errorClass;
    private final String desc;

    CommandFailed(String sent, String errorClass, String desc) {
      super(sent + ": " + desc, null);
      this.sent = sent;
      this.errorClass = errorClass;
      this.desc = desc;
    }

    /// The command's name.
    public String sent() {
      return sent;
    }

    /// QEMU's class of the error: `GenericError` for nearly all, `CommandNotFound`,
    /// `DeviceNotFound`, …
    public String errorClass() {
      return errorClass;
    }

    /// QEMU's own words, made for people; they change between versions.
    public String desc() {
      return desc;
    }
  }

  /// QEMU did not answer in time. It may still carry the command out.
  public static final class DeadlineExceeded extends QmpException {
    private static final long serialVersionUID = 1L;

    private final String sent;

    DeadlineExceeded(String sent, Duration deadline) {
      super(sent + ": no answer within " + deadline.toMillis() + " ms", null);
      this.sent = sent;
    }

    /// The command's name.
    public String sent() {
      return sent;
    }
  }

  /// The connection ended before an answer came, or had ended before. Whether QEMU carried the
  /// command out is not known.
  public static final class Disconnected extends QmpException {
    private static final long serialVersionUID = 1L;

    private final @Nullable String sent;

    Disconnected(@Nullable String sent, String why, @Nullable Throwable cause) {
      super(sent == null ? why : sent + ": " + why, cause);
      this.sent = sent;
    }

    /// The command that waited, if one did.
    public Optional<String> sent() {
      return Optional.ofNullable(sent);
    }
  }

  /// What came is not QMP, or not a reply that the command can have. In the first case the
  /// connection is closed.
  public static final class ProtocolViolated extends QmpException {
    private static final long serialVersionUID = 1L;

    private final String received;

    private ProtocolViolated(String message, @Nullable Throwable cause, String received) {
      super(message, cause);
      this.received = received;
    }

    ProtocolViolated(String what, String received, @Nullable Throwable cause) {
      this(what + (received.isEmpty() ? "" : "; received \"" + received + "\""), cause, received);
    }

    /// The same violation for another caller, with a message that says all.
    static ProtocolViolated again(String message, String received, @Nullable Throwable cause) {
      return new ProtocolViolated(message, cause, received);
    }

    /// The beginning of what came; may be empty.
    public String received() {
      return received;
    }
  }

  /// A listener was read so slowly that its queue overflowed. Told once, in the place of the events
  /// that are missing.
  public static final class EventsLost extends QmpException {
    private static final long serialVersionUID = 1L;

    private final long count;

    EventsLost(long count) {
      super(count + " events lost: the listener was read too slowly", null);
      this.count = count;
    }

    /// How many events are missing.
    public long count() {
      return count;
    }
  }

  /// This QEMU does not know what was asked of it, or the connection's transport cannot do it. The
  /// message says which, in one line. Nothing was sent.
  public static final class Unsupported extends QmpException {
    private static final long serialVersionUID = 1L;

    Unsupported(String message) {
      super(message, null);
    }
  }
}
