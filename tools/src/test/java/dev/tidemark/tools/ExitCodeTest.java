// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.qmp.QmpException;
import dev.tidemark.restorer.RestoreFailed;
import dev.tidemark.restorer.preflight.PreflightRefused;
import dev.tidemark.saver.SaveException;
import dev.tidemark.stream.StreamException;
import dev.tidemark.tools.report.CheckFailedException;
import dev.tidemark.tools.report.ExitCode;
import dev.tidemark.tools.report.Failure;
import dev.tidemark.tools.report.UsageException;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Modifier;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every exception that a command can end with, its exit code, and that it is one line.
class ExitCodeTest {
  private static final Map<Class<? extends Throwable>, Integer> TABLE =
      Map.ofEntries(
          Map.entry(StreamException.Truncated.class, 3),
          Map.entry(StreamException.Malformed.class, 4),
          Map.entry(StreamException.Unsupported.class, 5),
          Map.entry(StreamException.LimitExceeded.class, 5),
          Map.entry(SaveException.Refused.class, 7),
          Map.entry(SaveException.DisksUndecided.class, 2),
          Map.entry(SaveException.MigrationFailed.class, 6),
          Map.entry(SaveException.Cancelled.class, 130),
          Map.entry(QmpException.ConnectFailed.class, 6),
          Map.entry(QmpException.CommandFailed.class, 6),
          Map.entry(QmpException.DeadlineExceeded.class, 6),
          Map.entry(QmpException.Disconnected.class, 6),
          Map.entry(QmpException.ProtocolViolated.class, 6),
          Map.entry(QmpException.EventsLost.class, 6),
          Map.entry(QmpException.Unsupported.class, 6),
          Map.entry(PreflightRefused.class, 7),
          Map.entry(RestoreFailed.class, 6));

  static List<Class<?>> sealedExceptions() {
    List<Class<?>> leaves = new ArrayList<>(List.of(PreflightRefused.class, RestoreFailed.class));
    for (Class<?> family :
        List.of(StreamException.class, SaveException.class, QmpException.class)) {
      leaves.addAll(List.of(family.getPermittedSubclasses()));
    }
    return leaves;
  }

  @ParameterizedTest
  @MethodSource("sealedExceptions")
  void everySealedExceptionHasItsCode(Class<?> type) throws ReflectiveOperationException {
    assertThat(TABLE)
        .as("the table has a row for it")
        .containsKey(type.asSubclass(Throwable.class));
    Failure failure = Failure.of(made(type), "vm.tmk");

    assertThat(failure.code().code()).isEqualTo(TABLE.get(type));
    assertThat(failure.line()).isNotBlank().doesNotContain("\n", "Exception");
  }

  @Test
  void otherExceptionsHaveTheirs() {
    assertThat(code(new UsageException("no"))).isEqualTo(2);
    assertThat(code(new CheckFailedException(ExitCode.QEMU, "no"))).isEqualTo(6);
    assertThat(code(new InterruptedException())).isEqualTo(130);
    assertThat(code(new ClosedByInterruptException())).isEqualTo(130);
    assertThat(code(new IOException("no"))).isEqualTo(1);
    assertThat(code(new IllegalStateException("no"))).isEqualTo(1);
    assertThat(code(new OutOfMemoryError("no"))).isEqualTo(1);
  }

  @Test
  void filesThatCannotBeUsedAreSaidInWords() {
    assertThat(line(new NoSuchFileException("/a/vm.tmk"))).isEqualTo("/a/vm.tmk: no such file");
    assertThat(line(new AccessDeniedException("/a/vm.tmk")))
        .isEqualTo("/a/vm.tmk: permission denied");
    assertThat(line(new FileAlreadyExistsException("/a/vm.tmk")))
        .isEqualTo("/a/vm.tmk: already exists; use another name, or --force to replace it");
    assertThat(line(new FileSystemException("/a", null, "No space left on device")))
        .isEqualTo("/a: no space left on device; free some space or write elsewhere");
    assertThat(line(new IOException("No space left on device")))
        .isEqualTo("vm.tmk: no space left on device; free some space or write elsewhere");
    assertThat(line(new IOException("Is a directory")))
        .isEqualTo("vm.tmk: is a folder; 'tidemark list' shows the checkpoints in it");
  }

  @Test
  void messagesOfSeveralLinesBecomeOne() {
    assertThat(line(new SaveException.MigrationFailed("first\n  second\u001b[31m")))
        .isEqualTo("first second?[31m");
  }

  @Test
  void aDefectOfOursSaysSo() {
    assertThat(line(new IllegalStateException("the loan has ended")))
        .isEqualTo(
            "internal error, a defect of Tidemark (IllegalStateException: the loan has ended);"
                + " run with --debug and report what it prints");
  }

  private static int code(Throwable thrown) {
    return Failure.of(thrown, "vm.tmk").code().code();
  }

  private static String line(Throwable thrown) {
    return Failure.of(thrown, "vm.tmk").line();
  }

  /// By the simplest constructor, which need not be public.
  private static Throwable made(Class<?> type) throws ReflectiveOperationException {
    @Nullable Constructor<?> simplest = null;
    for (Constructor<?> candidate : type.getDeclaredConstructors()) {
      boolean plain = !candidate.isSynthetic() && !Modifier.isPrivate(candidate.getModifiers());
      if (plain
          && (simplest == null || candidate.getParameterCount() < simplest.getParameterCount())) {
        simplest = candidate;
      }
    }
    if (simplest == null) {
      throw new NoSuchMethodException(type.getName());
    }
    simplest.setAccessible(true);
    @Nullable Object[] arguments = new @Nullable Object[simplest.getParameterCount()];
    for (int i = 0; i < arguments.length; i++) {
      arguments[i] = sample(simplest.getParameterTypes()[i]);
    }
    return (Throwable) simplest.newInstance(arguments);
  }

  private static @Nullable Object sample(Class<?> type) {
    if (type == String.class) {
      return "what";
    }
    if (type == long.class || type == int.class) {
      return 17;
    }
    if (type == List.class) {
      return List.of();
    }
    if (type == Duration.class) {
      return Duration.ofSeconds(1);
    }
    return null;
  }
}
