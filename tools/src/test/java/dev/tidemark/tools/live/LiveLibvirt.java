// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import dev.tidemark.qmp.QmpAddress;
import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.tools.demo.DemoGuest;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// A real libvirt with one domain, whose guest is the demo guest: libvirt's QEMU driver inside one
/// `virsh`, with a folder of its own for all that it writes, so that nothing of the system's is
/// touched and no daemon runs. The domain's QEMU and `virsh` are ended on close.
final class LiveLibvirt implements AutoCloseable {
  /// The domain's name.
  static final String DOMAIN = "tm";

  private static final int MIB = 18;

  /// A small working set, gone through four times a second.
  private static final String GUEST = "ws=256K rate=1M fill=zero tick=";

  private static final int TICK_MILLIS = 50;

  private static final int POLL_MILLIS = 20;

  private static final String CONFIGURATION =
      """
      security_driver = "none"
      user = "root"
      group = "root"
      dynamic_ownership = 0
      namespaces = []
      cgroup_controllers = []
      stdio_handler = "file"
      """;

  /// What of its QEMU's command line libvirt alone can use, or needs, and whether the guest is to
  /// wait.
  private static final Pattern LIBVIRTS =
      Pattern.compile(
          "^(-S|-sandbox\\n.*|-mon\\n.*|-chardev\\n.*id=charmonitor,.*|-object\\n.*\"secret\".*)\\n",
          Pattern.MULTILINE);

  private final Path folder;
  private final Process virsh;
  private final BufferedReader out;
  private final OutputStream in;
  private int commands;

  private LiveLibvirt(Path folder, Process virsh) {
    this.folder = folder;
    this.virsh = virsh;
    this.out = virsh.inputReader(StandardCharsets.UTF_8);
    this.in = virsh.getOutputStream();
  }

  /// Starts one without a domain.
  static LiveLibvirt start() throws Exception {
    Commands.need(
        Files.isExecutable(Path.of("/usr/bin/virsh"))
            && Files.exists(Path.of("/usr/lib/libvirt/libvirt_iohelper")),
        "libvirt is missing; scripts/fetch-live-fixtures installs it");
    // Sockets below it have names that must not become long.
    Path folder = Files.createTempDirectory("tv");
    Files.writeString(
        Files.createDirectories(folder.resolve("lv/etc")).resolve("qemu.conf"), CONFIGURATION);
    Process virsh =
        new ProcessBuilder("virsh", "-c", "qemu:///embed?root=" + folder.resolve("lv"))
            .redirectErrorStream(true)
            .start();
    return new LiveLibvirt(folder, virsh);
  }

  /// Its folder.
  Path folder() {
    return folder;
  }

  /// Starts the domain, and waits until its guest works.
  void createDomain() throws Exception {
    Path kernel = folder.resolve("guest.elf");
    try (InputStream guest =
        Objects.requireNonNull(DemoGuest.class.getResourceAsStream("guest.elf"))) {
      Files.copy(guest, kernel);
    }
    String emulator = LiveQemu.installed().getFirst().path().toString();
    Path xml = Files.writeString(folder.resolve("domain.xml"), xml(kernel, emulator));
    virsh("create " + xml);
    awaitSerial(0, "(?s).*\nwalk 1 .*");
  }

  private String xml(Path kernel, String emulator) {
    return """
      <domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
        <name>%s</name>
        <memory unit='MiB'>%d</memory>
        <vcpu>1</vcpu>
        <os>
          <type arch='x86_64' machine='pc'>hvm</type>
          <kernel>%s</kernel>
          <cmdline>%s</cmdline>
        </os>
        <features><acpi/></features>
        <devices>
          <emulator>%s</emulator>
          <controller type='usb' model='none'/>
          <memballoon model='none'/>
          <serial type='file'><source path='%s' append='on'/></serial>
        </devices>
        <qemu:commandline>
          <qemu:arg value='-qmp'/>
          <qemu:arg value='unix:%s,server=on,wait=off'/>
        </qemu:commandline>
      </domain>
      """
        .formatted(
            DOMAIN,
            MIB,
            kernel,
            GUEST + TICK_MILLIS,
            emulator,
            serial(),
            folder.resolve("qmp.sock"));
  }

  private Path serial() {
    return folder.resolve("serial");
  }

  /// What the guest has printed, from a place in it on.
  String serialFrom(int start) throws IOException {
    if (!Files.exists(serial())) {
      return "";
    }
    String text = Files.readString(serial(), StandardCharsets.ISO_8859_1);
    return text.substring(Math.min(start, text.length()));
  }

  /// Waits until what the guest has printed from a place on is as wanted.
  ///
  /// @param wanted a regular expression for all of it
  String awaitSerial(int start, String wanted) throws Exception {
    long end = System.nanoTime() + LiveQemu.PATIENCE.toNanos();
    while (!serialFrom(start).matches(wanted)) {
      if (System.nanoTime() > end) {
        throw new AssertionError("no " + wanted + " in " + serialFrom(start));
      }
      Thread.sleep(POLL_MILLIS);
    }
    return serialFrom(start);
  }

  /// Has `virsh` do something, which must go well.
  ///
  /// @return what it said
  String virsh(String command) throws IOException {
    String said = attempt(command);
    if (said.lines().anyMatch(line -> line.startsWith("error:"))) {
      throw new AssertionError(command + ": " + said);
    }
    return said;
  }

  /// Has `virsh` do something, whatever comes of it.
  private String attempt(String command) throws IOException {
    String end = "done-" + ++commands;
    in.write((command + "\necho " + end + "\n").getBytes(StandardCharsets.UTF_8));
    in.flush();
    StringBuilder said = new StringBuilder();
    for (String line = out.readLine(); ; line = out.readLine()) {
      if (line == null) {
        throw new AssertionError("virsh ended in " + command + ": " + said);
      }
      if (line.equals(end)) {
        return said.toString();
      }
      said.append(line).append('\n');
    }
  }

  /// A new connection to the monitor of the domain's QEMU that libvirt does not use.
  QmpClient monitor() throws Exception {
    return QmpClient.connect(QmpAddress.unix(folder.resolve("qmp.sock")));
  }

  /// The process of the domain's QEMU.
  long pid() throws IOException {
    Path file = folder.resolve("lv/run/qemu").resolve(DOMAIN + ".pid");
    return Long.parseLong(Files.readString(file).strip());
  }

  /// How QEMU is started for a domain, as libvirt tells it for people who do so by hand; the serial
  /// port is a socket.
  ///
  /// @param xml the domain, as an image has it
  IncomingVm.Origin origin(String xml) throws Exception {
    Path file = Files.writeString(folder.resolve("saved.xml"), xml);
    String shell =
        virsh("domxml-to-native qemu-argv --xml " + file)
            .lines()
            .filter(line -> line.startsWith("LC_ALL="))
            .findFirst()
            .orElseThrow();
    Process words = new ProcessBuilder("sh", "-c", "printf '%s\\n' " + shell).start();
    String lines = new String(words.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    String socket =
        "socket,id=charserial0,path=%s,server=on,wait=on".formatted(folder.resolve("serial.sock"));
    List<String> command =
        LIBVIRTS
            .matcher(lines)
            .replaceAll("")
            .replaceFirst("(?m)^file,id=charserial0,.*$", socket)
            .lines()
            .dropWhile(word -> !word.startsWith("/"))
            .toList();
    return new IncomingVm.Origin(TICK_MILLIS, folder, command);
  }

  @Override
  public void close() throws IOException {
    if (virsh.isAlive()) {
      attempt("destroy " + DOMAIN);
      in.write("quit\n".getBytes(StandardCharsets.UTF_8));
      in.flush();
      var _ = virsh.onExit().orTimeout(LiveQemu.PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
