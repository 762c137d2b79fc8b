// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// A QEMU process of this machine, as `/proc` shows it: what it was started with, and where.
///
/// The arguments may hold secrets; nothing here prints them.
///
/// @param pid its process id
/// @param executable the program that runs
/// @param arguments the argument array; the first is the name it was called by
/// @param workingFolder the folder that relative paths among the arguments start from
public record PeerProcess(long pid, Path executable, List<String> arguments, Path workingFolder) {
  private static final Pattern QEMU = Pattern.compile("qemu-system-.+|qemu-kvm|qemu|kvm");
  private static final String DELETED = " (deleted)";

  /// Copies the list.
  public PeerProcess {
    arguments = List.copyOf(arguments);
  }

  /// Looks a process up.
  ///
  /// @return empty if there is no such process, if it may not be looked at, or if it is not QEMU
  ///     but, say, a proxy in front of it
  public static Optional<PeerProcess> of(long pid) {
    return read(pid, Path.of("/proc", Long.toString(pid))).filter(PeerProcess::isQemu);
  }

  private static Optional<PeerProcess> read(long pid, Path proc) {
    try {
      Path executable = withoutDeleted(Files.readSymbolicLink(proc.resolve("exe")));
      Path folder = Files.readSymbolicLink(proc.resolve("cwd"));
      List<String> arguments = split(Files.readAllBytes(proc.resolve("cmdline")));
      return arguments.isEmpty()
          ? Optional.empty()
          : Optional.of(new PeerProcess(pid, executable, arguments, folder));
    } catch (IOException | SecurityException _) {
      return Optional.empty();
    }
  }

  /// The executable of a process whose package was upgraded since reads `… (deleted)`.
  private static Path withoutDeleted(Path executable) {
    String text = executable.toString();
    return text.endsWith(DELETED)
        ? Path.of(text.substring(0, text.length() - DELETED.length()))
        : executable;
  }

  /// Cuts a command line at its NULs; every argument ends with one, the last too.
  static List<String> split(byte[] cmdline) {
    Charset charset = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
    List<String> arguments = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < cmdline.length; i++) {
      if (cmdline[i] == 0) {
        arguments.add(new String(cmdline, start, i - start, charset));
        start = i + 1;
      }
    }
    if (start < cmdline.length) {
      arguments.add(new String(cmdline, start, cmdline.length - start, charset));
    }
    return arguments;
  }

  private boolean isQemu() {
    return QEMU.matcher(String.valueOf(executable.getFileName())).matches();
  }

  @Override
  public String toString() {
    return "PeerProcess[" + pid + ", " + executable + "]";
  }
}
