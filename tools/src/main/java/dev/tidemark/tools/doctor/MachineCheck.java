// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.doctor;

import dev.tidemark.qmp.descriptor.SocketPair;
import dev.tidemark.tools.report.Quantity;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/// Looks at this machine: Java, QEMU, native libraries, the kernel's features, folders. Changes
/// nothing; temporary files are removed.
public final class MachineCheck {
  private static final int JAVA = 25;
  private static final long LITTLE_SPACE = 1L << 30;
  private static final String NATIVE_ACCESS = "start Java with --enable-native-access=ALL-UNNAMED";

  private MachineCheck() {}

  /// Looks at everything.
  ///
  /// @return the findings, in a fixed order
  /// @throws InterruptedException if the thread is interrupted
  public static List<Finding> run() throws InterruptedException {
    List<Finding> findings = new ArrayList<>();
    findings.add(java());
    findings.addAll(QemuBinaries.findings());
    findings.add(kvm());
    findings.add(
        library(
            "native epoll",
            "io.netty.channel.epoll.Epoll",
            "isAvailable",
            "descriptors cannot be passed to QEMU"));
    findings.add(
        library(
            "native LZ4",
            "net.jpountz.lz4.LZ4Factory",
            "nativeInstance",
            "compression is about three times slower"));
    findings.add(unixSockets());
    findings.add(descriptors());
    findings.add(userfault());
    findings.add(peers());
    findings.add(runFolder());
    findings.add(space(Path.of("").toAbsolutePath()));
    return findings;
  }

  private static Finding java() {
    String version = Runtime.version() + " in " + System.getProperty("java.home");
    return Runtime.version().feature() == JAVA
        ? Finding.ok("Java", version)
        : Finding.warning("Java", version, "only Java " + JAVA + " is tested");
  }

  private static Finding kvm() {
    Path kvm = Path.of("/dev/kvm");
    if (!Files.exists(kvm)) {
      return Finding.warning(
          "KVM", "no /dev/kvm", "guests run under TCG, correct and slow; use a host with KVM");
    }
    // Opened, not only looked at: in a container the node may be there and forbidden.
    try {
      FileChannel.open(kvm, StandardOpenOption.READ, StandardOpenOption.WRITE).close();
      return Finding.ok("KVM", "/dev/kvm can be used");
    } catch (IOException e) {
      return Finding.warning(
          "KVM",
          "/dev/kvm cannot be opened: guests run under TCG, correct and slow",
          "add this user to the group kvm, or pass the device into the container");
    }
  }

  /// The library is asked by name: it belongs to another module, which does not show it.
  private static Finding library(String subject, String type, String method, String otherwise) {
    try {
      Object answer = Class.forName(type).getMethod(method).invoke(null);
      return Boolean.FALSE.equals(answer)
          ? Finding.warning(subject, "not loaded: " + otherwise, NATIVE_ACCESS)
          : Finding.ok(subject, "loaded");
    } catch (ReflectiveOperationException | LinkageError e) {
      return Finding.warning(subject, "not loaded: " + otherwise, NATIVE_ACCESS);
    }
  }

  private static Finding unixSockets() {
    try {
      Path folder = Files.createTempDirectory("tidemark-doctor-");
      Path socket = folder.resolve("socket");
      UnixDomainSocketAddress address = UnixDomainSocketAddress.of(socket);
      try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
        server.bind(address);
        SocketChannel.open(address).close();
        return Finding.ok("Unix sockets", "work in " + folder.getParent());
      } finally {
        Files.deleteIfExists(socket);
        Files.delete(folder);
      }
    } catch (IOException | UnsupportedOperationException e) {
      return Finding.broken(
          "Unix sockets", String.valueOf(e.getMessage()), "set TMPDIR to a folder on a local disk");
    }
  }

  private static Finding descriptors() {
    try (SocketPair pair = SocketPair.open()) {
      return Finding.ok("socket pairs", "work: descriptor " + pair.remote() + " was made");
    } catch (IOException | LinkageError | IllegalStateException e) {
      return Finding.broken("socket pairs", String.valueOf(e.getMessage()), NATIVE_ACCESS);
    }
  }

  private static Finding userfault() {
    String subject = "userfaultfd";
    Path device = Path.of("/dev/userfaultfd");
    boolean byDevice = Files.isReadable(device) && Files.isWritable(device);
    boolean bySysctl = first("/proc/sys/vm/unprivileged_userfaultfd").equals("1");
    boolean root = "root".equals(System.getProperty("user.name"));
    return byDevice || bySysctl || root
        ? Finding.ok(subject, "can be used")
        : Finding.warning(
            subject,
            "not for this user; only restoring lazily needs it",
            "sysctl -w vm.unprivileged_userfaultfd=1");
  }

  private static Finding peers() {
    return Files.isReadable(Path.of("/proc/self/cmdline"))
        ? Finding.ok("/proc", "can be read: a VM's command line is kept in its checkpoint")
        : Finding.warning(
            "/proc",
            "cannot be read: command lines are not kept in checkpoints",
            "restore with -- QEMU-ARGS, or mount /proc");
  }

  private static Finding runFolder() {
    String runtime = System.getenv("XDG_RUNTIME_DIR");
    boolean own = runtime != null && Files.isDirectory(Path.of(runtime));
    Path folder = own ? Path.of(runtime) : Path.of(System.getProperty("java.io.tmpdir"));
    return Files.isWritable(folder)
        ? Finding.ok("run folder", folder + " can be written")
        : Finding.broken(
            "run folder", folder + " cannot be written", "set XDG_RUNTIME_DIR to one that can");
  }

  private static Finding space(Path folder) {
    try {
      long free = Files.getFileStore(folder).getUsableSpace();
      String detail = Quantity.size(free) + " free in " + folder;
      return free >= LITTLE_SPACE
          ? Finding.ok("disk space", detail)
          : Finding.warning("disk space", detail, "a checkpoint may need as much as the VM's RAM");
    } catch (IOException e) {
      return Finding.warning(
          "disk space", "not known in " + folder + ": " + e.getMessage(), "look with df");
    }
  }

  private static String first(String file) {
    try {
      return Files.readString(Path.of(file)).strip();
    } catch (IOException e) {
      return "";
    }
  }
}
