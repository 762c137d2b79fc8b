// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.tools.demo.DemoGuest;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
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
  private static final String GUEST = "ws=256K rate=1M fill=zero tick=50";

  private static final int POLL_MILLIS = 20;
  private static final int PIECE = 1 << 20;

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

  /// A line of `info ramblock`: name, page size, offset, used and total length, address in QEMU.
  private static final Pattern RAM_BLOCK =
      Pattern.compile(
          "^\\s*(\\S+)\\s+\\S+ [KMG]iB\\s+0x[0-9a-f]+\\s+0x([0-9a-f]+)\\s+0x[0-9a-f]+\\s+0x([0-9a-f]+)",
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
      <domain type='qemu'>
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
      </domain>
      """
        .formatted(DOMAIN, MIB, kernel, GUEST, emulator, serial());
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

  /// SHA-256 of each RAM block as it stands in the domain's QEMU.
  Map<String, String> ramHashes() throws Exception {
    String blocks = virsh("qemu-monitor-command " + DOMAIN + " --hmp info ramblock");
    String pid = Files.readString(folder.resolve("lv/run/qemu/" + DOMAIN + ".pid")).strip();
    Map<String, String> hashes = new TreeMap<>();
    try (RandomAccessFile memory = new RandomAccessFile("/proc/" + pid + "/mem", "r")) {
      Matcher block = RAM_BLOCK.matcher(blocks);
      while (block.find()) {
        memory.seek(Long.parseLong(block.group(3), 16));
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        byte[] piece = new byte[PIECE];
        for (long left = Long.parseLong(block.group(2), 16); left > 0; ) {
          int count = (int) Math.min(left, PIECE);
          memory.readFully(piece, 0, count);
          digest.update(piece, 0, count);
          left -= count;
        }
        hashes.put(block.group(1), HexFormat.of().formatHex(digest.digest()));
      }
    }
    if (hashes.isEmpty()) {
      throw new AssertionError("no RAM blocks in " + blocks);
    }
    return hashes;
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
