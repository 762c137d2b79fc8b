// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.report;

import dev.tidemark.qmp.QmpException;
import dev.tidemark.restorer.RestoreFailed;
import dev.tidemark.restorer.preflight.PreflightRefused;
import dev.tidemark.saver.SaveException;
import dev.tidemark.stream.StreamException;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What is said and which code the process ends with when a command ends by an exception. The one
/// place where exceptions become exit codes.
///
/// @param code the exit code
/// @param line what is wrong, where, and what to do: one line
public record Failure(ExitCode code, String line) {
  /// Where nothing is left to say: another snapshot is to be named, or there is nothing to mend.
  private static final List<String> SAYING_ALL =
      List.of("snapshot", "nothing to repair", "no repair of");

  /// What a reader says of a file that `repair` makes whole.
  private static final String REPAIRABLE = "it can be repaired";

  /// The failure that an exception is.
  ///
  /// @param thrown what the command threw
  /// @param subject what the command was working on, such as a file's name; put before a message
  ///     that does not name it itself
  public static Failure of(Throwable thrown, String subject) {
    return switch (thrown) {
      case StreamException e -> stream(e, subject);
      case QmpException e -> qemu(e);
      case SaveException e -> save(e);
      case PreflightRefused e -> failure(ExitCode.REFUSED, subject + ": " + e.getMessage());
      case RestoreFailed e -> failure(ExitCode.QEMU, subject + ": " + e.getMessage());
      case UsageException e -> failure(ExitCode.USAGE, e.getMessage());
      case CheckFailedException e -> failure(e.code(), e.getMessage());
      case InterruptedException _ -> failure(ExitCode.INTERRUPTED, "interrupted");
      case ClosedByInterruptException _ -> failure(ExitCode.INTERRUPTED, "interrupted");
      case FileSystemException e -> failure(ExitCode.FAILED, file(e));
      case IOException e -> failure(ExitCode.FAILED, subject + ": " + io(e));
      case OutOfMemoryError e ->
          failure(
              ExitCode.FAILED,
              subject
                  + ": out of memory ("
                  + e.getMessage()
                  + "); give the JVM more with TIDEMARK_JAVA_OPTS=-Xmx1g");
      default ->
          failure(
              ExitCode.FAILED,
              "internal error, a defect of Tidemark ("
                  + thrown.getClass().getSimpleName()
                  + (thrown.getMessage() == null ? "" : ": " + thrown.getMessage())
                  + "); run with --debug and report what it prints");
    };
  }

  /// A command line that cannot be understood.
  ///
  /// @param line what is wrong and what to do
  public static Failure usage(String line) {
    return failure(ExitCode.USAGE, line);
  }

  private static Failure failure(ExitCode code, String line) {
    return new Failure(code, oneLine(line));
  }

  private static Failure stream(StreamException e, String subject) {
    String what = subject + ": " + e.getMessage();
    return switch (e) {
      case StreamException.Truncated _ ->
          failure(ExitCode.INCOMPLETE, what + "; it is incomplete: use a whole copy");
      case StreamException.Malformed _ ->
          failure(ExitCode.MALFORMED, what + "; it is damaged or no checkpoint: use another copy");
      case StreamException.Unsupported _ ->
          failure(ExitCode.UNSUPPORTED, what + unsupported(e.getMessage()));
      case StreamException.LimitExceeded _ ->
          failure(ExitCode.UNSUPPORTED, what + "; it is damaged or larger than any VM seen so far");
    };
  }

  private static String unsupported(@Nullable String message) {
    String what = String.valueOf(message);
    if (what.contains(REPAIRABLE)) {
      return "; use 'tidemark repair IN OUT'";
    }
    boolean saysAll = SAYING_ALL.stream().anyMatch(what::contains);
    return saysAll ? "" : "; this version of Tidemark does not read that";
  }

  private static Failure qemu(QmpException e) {
    String advice =
        switch (e) {
          case QmpException.ConnectFailed c ->
              c.isTaken() || String.valueOf(c.getMessage()).endsWith("?")
                  ? ""
                  : "; is QEMU running there?";
          case QmpException.CommandFailed _ -> " (QEMU's answer)";
          case QmpException.DeadlineExceeded _ -> "; QEMU hangs or is very busy";
          case QmpException.Disconnected _ -> "; QEMU has ended, or closed its monitor";
          case QmpException.ProtocolViolated _ -> "; is it a QMP monitor (-qmp), not a human one?";
          case QmpException.EventsLost _ -> "";
          case QmpException.Unsupported _ -> "";
        };
    return failure(ExitCode.QEMU, e.getMessage() + advice);
  }

  private static Failure save(SaveException e) {
    ExitCode code =
        switch (e) {
          case SaveException.Refused _ -> ExitCode.REFUSED;
          case SaveException.DisksUndecided _ -> ExitCode.USAGE;
          case SaveException.MigrationFailed _ -> ExitCode.QEMU;
          case SaveException.Cancelled _ -> ExitCode.INTERRUPTED;
        };
    return failure(code, String.valueOf(e.getMessage()));
  }

  private static String file(FileSystemException e) {
    String file = e.getFile() == null ? "" : e.getFile() + ": ";
    String reason = e.getReason() == null ? "" : e.getReason();
    return switch (e) {
      case NoSuchFileException _ -> file + (reason.isEmpty() ? "no such file" : reason);
      case AccessDeniedException _ -> file + "permission denied";
      case FileAlreadyExistsException _ ->
          file + "already exists; use another name, or --force to replace it";
      case NotDirectoryException _ -> file + "not a folder";
      case DirectoryNotEmptyException _ -> file + "folder is not empty";
      default -> file + plain(reason.isEmpty() ? "cannot be used" : reason);
    };
  }

  private static String io(IOException e) {
    String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : plain(message);
  }

  /// The kernel's words, with what to do about them.
  private static String plain(String message) {
    if (message.contains("No space left on device") || message.contains("Disk quota exceeded")) {
      return message.toLowerCase(Locale.ROOT) + "; free some space or write elsewhere";
    }
    if (message.contains("Is a directory")) {
      return "is a folder; 'tidemark list' shows the checkpoints in it";
    }
    return message;
  }

  private static String oneLine(String text) {
    return TextTable.printable(text.strip().replaceAll("\\s*\\R\\s*", " "));
  }
}
