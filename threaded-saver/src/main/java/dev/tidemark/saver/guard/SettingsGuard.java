// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.saver.guard;

import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.command.MigrateSetCapabilities;
import dev.tidemark.qmp.command.MigrateSetParameters;
import dev.tidemark.qmp.command.MigrationStatus;
import dev.tidemark.qmp.command.QueryMigrate;
import dev.tidemark.qmp.command.QueryMigrateCapabilities;
import dev.tidemark.qmp.command.QueryMigrateParameters;
import dev.tidemark.qmp.command.QueryStatus;
import dev.tidemark.qmp.command.Raw;
import dev.tidemark.qmp.command.RunState;
import dev.tidemark.qmp.command.Stop;
import dev.tidemark.qmp.json.JsonException;
import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/// Keeps a VM's migration settings as they were: notes what is changed before it is changed, and
/// puts it back.
///
/// The note is a small file outside of the process, one for each VM, so that the next command puts
/// the settings back where a saver was killed. It lies in `tidemark` below `$XDG_RUNTIME_DIR`, else
/// in `tidemark-USER` below the folder for temporary files; mode 0700. A VM whose process cannot be
/// seen (over TCP) is known by its monitor's address.
public final class SettingsGuard {
  private final QmpClient qmp;
  private final Path note;
  private final Map<String, Boolean> capabilities;
  private final JsonObject parameters;
  private final String runState;
  private boolean putBack;

  private SettingsGuard(
      QmpClient qmp,
      Path note,
      String runState,
      Map<String, Boolean> capabilities,
      JsonObject parameters) {
    this.qmp = qmp;
    this.note = note;
    this.runState = runState;
    this.capabilities = capabilities;
    this.parameters = parameters;
  }

  /// Changes settings, having noted how they are.
  ///
  /// @param qmp the VM
  /// @param runState the VM's run state
  /// @param wanted the capabilities that must be on; all others are turned off
  /// @param changed the parameters to set, by name
  /// @return puts back what was changed
  /// @throws IOException if QEMU refuses, or no note can be left
  public static SettingsGuard change(
      QmpClient qmp, RunState runState, Set<String> wanted, JsonObject changed)
      throws IOException, InterruptedException {
    Map<String, Boolean> before = qmp.execute(new QueryMigrateCapabilities());
    Map<String, Boolean> set = new LinkedHashMap<>();
    Map<String, Boolean> back = new LinkedHashMap<>();
    before.forEach(
        (name, on) -> {
          if (on != wanted.contains(name)) {
            set.put(name, !on);
            back.put(name, on);
          }
        });
    JsonObject parameters = qmp.execute(new QueryMigrateParameters());
    Map<String, JsonValue> parametersBack = new LinkedHashMap<>();
    for (String name : changed.members().keySet()) {
      JsonValue value = parameters.members().get(name);
      if (value != null) {
        parametersBack.put(name, value);
      }
    }
    SettingsGuard guard =
        new SettingsGuard(
            qmp,
            noteOf(qmp),
            runState.wireName(),
            Map.copyOf(back),
            new JsonObject(parametersBack));
    guard.write();
    try {
      if (!set.isEmpty()) {
        qmp.execute(new MigrateSetCapabilities(set));
      }
      qmp.execute(new MigrateSetParameters(changed));
    } catch (IOException | InterruptedException e) {
      guard.tryPutBack();
      throw e;
    }
    return guard;
  }

  /// Puts back what a saver that was killed has left on this VM.
  ///
  /// @param qmp the VM
  /// @return whether there was anything to put back
  /// @throws IOException if QEMU refuses
  public static boolean putBackLeftOvers(QmpClient qmp) throws IOException, InterruptedException {
    Path note = noteOf(qmp);
    if (!Files.exists(note) || isMigrating(qmp)) {
      return false; // settings of a migration that goes on are somebody's
    }
    JsonObject left;
    try {
      left = JsonValue.parse(Files.readString(note)).asObject();
    } catch (NoSuchFileException e) {
      return false;
    } catch (JsonException e) {
      Files.deleteIfExists(note);
      return false;
    }
    long saver = left.optLong("saver").orElse(0);
    if (saver != ProcessHandle.current().pid()
        && ProcessHandle.of(saver).map(ProcessHandle::isAlive).orElse(false)) {
      return false; // it still saves, and will put them back itself
    }
    Map<String, Boolean> capabilities = new LinkedHashMap<>();
    JsonObject noted = left.object("capabilities");
    for (String name : noted.members().keySet()) {
      capabilities.put(name, noted.bool(name));
    }
    String runState = left.optString("run-state").orElse("");
    new SettingsGuard(qmp, note, runState, capabilities, left.object("parameters")).putBack();
    if (runState.equals(RunState.Known.PAUSED.wireName())
        && qmp.execute(new QueryStatus()).status() == RunState.Known.POSTMIGRATE) {
      pauseAgain(qmp);
    }
    return true;
  }

  private static boolean isMigrating(QmpClient qmp) throws IOException, InterruptedException {
    MigrationStatus status = qmp.execute(new QueryMigrate()).status();
    return !status.isOver() && status != MigrationStatus.Known.NONE;
  }

  /// Leads a VM from `postmigrate` back to `paused`. QEMU before 8.0 leaves a VM there that was
  /// paused before its migration failed, and the one way out is to start it and stop it at once, in
  /// one write.
  ///
  /// @param qmp the VM
  /// @throws IOException if QEMU refuses
  public static void pauseAgain(QmpClient qmp) throws IOException, InterruptedException {
    CompletableFuture<JsonValue> started = qmp.submit(new Raw("cont"));
    qmp.execute(new Stop());
    try {
      started.get();
    } catch (ExecutionException e) {
      throw new IOException("the VM is in run state postmigrate: " + e.getMessage(), e);
    }
  }

  /// Puts the settings back and removes the note. Does nothing the second time.
  ///
  /// @throws IOException if QEMU refuses; then the note stays for the next command
  public void putBack() throws IOException, InterruptedException {
    if (putBack) {
      return;
    }
    if (!capabilities.isEmpty()) {
      qmp.execute(new MigrateSetCapabilities(capabilities));
    }
    if (!parameters.members().isEmpty()) {
      qmp.execute(new MigrateSetParameters(parameters));
    }
    putBack = true;
    Files.deleteIfExists(note);
  }

  /// As [#putBack], where something else must not fail for it.
  ///
  /// @return whether they are back; if not, the note stays for the next command
  public boolean tryPutBack() {
    try {
      putBack();
      return true;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void write() throws IOException {
    Map<String, JsonValue> asJson = new LinkedHashMap<>();
    capabilities.forEach((name, on) -> asJson.put(name, JsonValue.of(on)));
    JsonObject all =
        JsonObject.of(
            "saver",
            ProcessHandle.current().pid(),
            "run-state",
            runState,
            "capabilities",
            new JsonObject(asJson),
            "parameters",
            parameters);
    Path part = note.resolveSibling(note.getFileName() + ".part-" + ProcessHandle.current().pid());
    Files.deleteIfExists(part);
    Files.createFile(
        part, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.write(part, all.toJson().getBytes(StandardCharsets.UTF_8));
    Files.move(part, note, StandardCopyOption.ATOMIC_MOVE);
  }

  private static Path noteOf(QmpClient qmp) throws IOException {
    return folder().resolve("settings-" + nameOf(qmp) + ".json");
  }

  /// A name that stays the same for this VM's life and is not another's after it.
  private static String nameOf(QmpClient qmp) {
    Optional<Long> pid = qmp.peerPid();
    if (pid.isPresent()) {
      Optional<Instant> started = ProcessHandle.of(pid.get()).flatMap(p -> p.info().startInstant());
      if (started.isPresent()) {
        return pid.get() + "-" + started.get().toEpochMilli();
      }
    }
    return qmp.address().toString().replaceAll("[^A-Za-z0-9.-]", "_");
  }

  private static Path folder() throws IOException {
    String runtime = System.getenv("XDG_RUNTIME_DIR");
    Path folder =
        runtime != null && Files.isDirectory(Path.of(runtime))
            ? Path.of(runtime, "tidemark")
            : Path.of(
                System.getProperty("java.io.tmpdir"),
                "tidemark-" + System.getProperty("user.name"));
    try {
      Files.createDirectory(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } catch (FileAlreadyExistsException e) {
      if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
          || !Files.getOwner(folder, LinkOption.NOFOLLOW_LINKS)
              .getName()
              .equals(System.getProperty("user.name"))) {
        throw new IOException(folder + " is not a folder of " + System.getProperty("user.name"), e);
      }
    }
    return folder;
  }
}
