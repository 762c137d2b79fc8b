// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer.launch;

import dev.tidemark.restorer.launch.CommandLinePlan.Policy;
import dev.tidemark.restorer.launch.QemuArgument.Image;
import dev.tidemark.restorer.launch.QemuArgument.Option;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// Makes a [CommandLinePlan]: one look at each option, in order.
final class Planner {
  private static final Set<String> PARSED =
      Set.of(
          "netdev",
          "nic",
          "net",
          "device",
          "object",
          "tpmdev",
          "fw_cfg",
          "smbios",
          "drive",
          "blockdev");

  private static final Pattern VERSIONED = Pattern.compile("-[0-9]+\\.[0-9]");

  private final QemuCommandLine was;
  private final Policy policy;
  private final Path runFolder;
  private final RunFolder folder;
  private final CharacterDevices characters;
  private final Networks networks;
  private final Disks disks;
  private final Map<String, Integer> counts = new HashMap<>();
  private final List<QemuArgument> kept = new ArrayList<>();
  private final List<Replacement> replacements = new ArrayList<>();
  private final List<Need> needs = new ArrayList<>();
  private final List<String> refusals = new ArrayList<>();

  Planner(QemuCommandLine was, Policy policy, Path runFolder) {
    this.was = was;
    this.policy = policy;
    this.runFolder = runFolder;
    folder = new RunFolder(runFolder);
    characters = new CharacterDevices(folder);
    networks = new Networks(folder, needs);
    disks = new Disks(parsed(was));
  }

  /// The options that have properties; those that cannot be read are refused where they are met.
  private static List<Disks.Parsed> parsed(QemuCommandLine line) {
    List<Disks.Parsed> all = new ArrayList<>();
    for (QemuArgument argument : line.arguments()) {
      if (argument instanceof Option option
          && option.value().isPresent()
          && PARSED.contains(option.name())) {
        try {
          all.add(
              new Disks.Parsed(
                  option.name(), OptionValue.parse(option.name(), option.value().get())));
        } catch (IllegalArgumentException _) {
          // option() says so.
        }
      }
    }
    return all;
  }

  CommandLinePlan plan(String machineType) {
    Path qmp = Path.of(folder.fresh("qmp", ".sock"));
    String monitor = "unix:" + qmp.toString().replace(",", ",,") + ",server=on,wait=off";
    if (!folder.fitsSockets()) {
      refuse(runFolder + ": too long a path for Unix sockets, choose a shorter run folder");
    }
    for (QemuArgument argument : was.arguments()) {
      switch (argument) {
        case Image image -> image(image);
        case Option option -> option(option);
      }
    }
    if (policy == Policy.SAVED) {
      refuseDescriptors();
      pinMachine(machineType);
      graphicsByDefault();
    }
    add(Option.of("qmp", monitor));
    kept.add(Option.of("incoming", "defer"));
    QemuCommandLine line = new QemuCommandLine(kept);
    return new CommandLinePlan(line, qmp, replacements, needs, refusals, was.has("S"));
  }

  private void image(Image image) {
    if (policy == Policy.SAVED) {
      refuseWritable(image.path());
    }
    kept.add(image);
  }

  private void option(Option option) {
    if (option.valueMissing()) {
      refuse(option.text() + ": its value is missing");
    } else if (policy == Policy.SAVED && !option.known()) {
      refuse(option.text() + ": not an option of a QEMU that is known here");
    } else if (!contradictsRestore(option)) {
      try {
        if (policy == Policy.GIVEN) {
          kept.add(option);
        } else {
          saved(option, option.value().orElse(""));
        }
      } catch (IllegalArgumentException e) {
        refuse(option.text() + ": " + e.getMessage());
      }
    }
  }

  /// Handles what no restore can have, whosever command line it is.
  private boolean contradictsRestore(Option option) {
    switch (option.name()) {
      case "incoming" -> replacements.add(new Replacement(option.text(), "-incoming defer"));
      case "loadvm", "daemonize" -> leaveOut(option);
      // Given here it is a wish, which whoever runs the plan fulfils; saved it is history.
      case "S" -> {
        if (policy == Policy.SAVED) {
          leaveOut(option);
        }
      }
      case "preconfig" ->
          refuse(option.text() + ": what was set up through QMP before the machine is not known");
      case "dump-vmstate" -> refuse(option.text() + ": QEMU would end at once");
      default -> {
        return false;
      }
    }
    return true;
  }

  private void saved(Option option, String value) {
    switch (option.name()) {
      case "qmp", "qmp-pretty", "monitor" -> legacy(option, value, option.name(), false);
      case "serial", "parallel", "debugcon" -> legacy(option, value, option.name(), true);
      case "gdb" -> gdb(option, value);
      case "s" -> replace(option, Option.of("gdb", characters.listening("gdb")));
      case "chardev" -> chardev(option, value);
      case "pidfile" -> replace(option, Option.of("pidfile", folder.fresh("qemu", ".pid")));
      case "D" -> replace(option, Option.of("D", folder.fresh("debug", ".log")));
      case "trace" -> repoint(option, value, "file", "trace", ".log");
      case "audiodev", "audio" -> repoint(option, value, "path", "audio", ".wav");
      case "snapshot", "qtest", "qtest-log" -> leaveOut(option);
      case "run-with" -> runWith(option, value);
      case "nographic" -> nographic(option);
      case "display" -> display(option, value);
      case "vnc" -> vnc(option, value);
      case "spice" -> spice(option, value);
      case "netdev", "nic", "net" -> network(option, value);
      case "drive", "blockdev" -> disk(option, value);
      case "cdrom" -> file(option, Disks.localPath(value));
      case "object" -> object(option, OptionValue.parse("object", value));
      case "kernel", "dtb", "shim" -> file(option, Optional.of(value));
      case "initrd" -> file(option, value.contains(",") ? Optional.empty() : Optional.of(value));
      // A bare name is looked up in QEMU's own folders.
      case "bios" -> file(option, value.contains("/") ? Optional.of(value) : Optional.empty());
      case "fw_cfg", "smbios" -> file(option, OptionValue.parse(option.name(), value).get("file"));
      case "device", "tpmdev" -> device(option, OptionValue.parse(option.name(), value));
      case "icount" -> icount(option, value);
      case "readconfig" -> refuse(option.text() + ": what the file sets up cannot be seen here");
      case "set" -> set(option, value);
      default -> {
        if (Disks.WRITABLE_IMAGES.contains(option.name())) {
          refuseWritable(option.text());
        }
        kept.add(option);
      }
    }
  }

  private void legacy(Option option, String value, String name, boolean numbered) {
    int number = counts.merge(name, 1, Integer::sum) - 1;
    replace(
        option,
        Option.of(
            option.name(), characters.legacy(value, numbered ? name + number : name, numbered)));
  }

  private void gdb(Option option, String value) {
    boolean none = value.equals("none");
    replace(option, none ? option : Option.of("gdb", characters.listening("gdb")));
  }

  private void chardev(Option option, String value) {
    if (OptionValue.parse("chardev", value) instanceof OptionValue.Keyed keyed) {
      replace(option, Option.of("chardev", characters.chardev(keyed).render()));
    } else {
      refuse(option.text() + ": QEMU takes no JSON here");
    }
  }

  private void repoint(Option option, String value, String key, String name, String suffix) {
    OptionValue parsed = OptionValue.parse(option.name(), value);
    if (parsed.get(key).isEmpty()) {
      kept.add(option);
      return;
    }
    String fresh = parsed.with(key, folder.fresh(name, suffix)).render();
    replace(option, Option.of(option.name(), fresh));
  }

  private void runWith(Option option, String value) {
    OptionValue parsed = OptionValue.parse("run-with", value);
    if (parsed.get("exit-with-parent").isEmpty()) {
      kept.add(option);
      return;
    }
    OptionValue without = parsed.without("exit-with-parent");
    if (without.properties().isEmpty()) {
      leaveOut(option);
    } else {
      replace(option, Option.of("run-with", without.render()));
    }
  }

  /// What `-nographic` stands for, without standard input and output.
  private void nographic(Option option) {
    // The guest's firmware sees graphics=off; -display none alone would change its machine.
    List<Option> fresh =
        new ArrayList<>(
            List.of(Option.of("display", "none"), Option.of("machine", "graphics=off")));
    if (!was.has("nodefaults")) {
      if (!was.has("serial") && !hasDevice("isa-serial")) {
        fresh.add(Option.of("serial", characters.legacy("stdio", "serial0", true)));
      }
      if (!was.has("parallel") && !hasDevice("isa-parallel")) {
        fresh.add(Option.of("parallel", "null"));
      }
    }
    kept.addAll(fresh);
    String is = String.join(" ", fresh.stream().map(Option::text).toList());
    replacements.add(new Replacement(option.text(), is));
  }

  private boolean hasDevice(String driver) {
    return was.options("device")
        .flatMap(o -> o.value().stream())
        .anyMatch(v -> v.equals(driver) || v.startsWith(driver + ","));
  }

  private void display(Option option, String value) {
    OptionValue parsed = OptionValue.parse("display", value);
    if (parsed.get("vnc").isPresent()) {
      replace(option, Option.of("vnc", vnc()));
      return;
    }
    switch (parsed.get("type").orElse("")) {
      // They need the terminal, the bus or the viewer of the process that was saved.
      case "curses", "dbus", "spice-app" -> replace(option, Option.of("display", "none"));
      default -> kept.add(option);
    }
  }

  private void vnc(Option option, String value) {
    if (value.equals("none") || value.startsWith("none,")) {
      kept.add(option);
    } else {
      replace(option, Option.of("vnc", vnc()));
    }
  }

  private String vnc() {
    return "unix:" + folder.fresh("vnc", ".sock").replace(",", ",,");
  }

  private void spice(Option option, String value) {
    OptionValue fresh = OptionValue.parse("spice", value);
    for (OptionValue.Property property : fresh.properties()) {
      String key = property.key();
      boolean access =
          Set.of("port", "addr", "ipv4", "ipv6", "unix", "sasl", "disable-ticketing").contains(key)
              || key.startsWith("password")
              || key.startsWith("x509")
              || key.startsWith("tls");
      fresh = access ? fresh.without(key) : fresh;
    }
    fresh =
        fresh
            .with("unix", "on")
            .with("addr", folder.fresh("spice", ".sock"))
            .with("disable-ticketing", "on");
    replace(option, Option.of("spice", fresh.render()));
  }

  private void network(Option option, String value) {
    OptionValue parsed = OptionValue.parse(option.name(), value);
    refuseHelper(option, parsed);
    OptionValue fresh = networks.fresh(option, parsed);
    replace(option, Option.of(option.name(), fresh.render()));
  }

  private void disk(Option option, String value) {
    OptionValue parsed = OptionValue.parse(option.name(), value);
    if (disks.writable(new Disks.Parsed(option.name(), parsed))) {
      refuseWritable(option.text());
    }
    file(option, Disks.imageFile(parsed).filter(f -> !isNode(option, parsed, f)));
  }

  /// In `-blockdev`, `file` names a node.
  private static boolean isNode(Option option, OptionValue value, String file) {
    return option.name().equals("blockdev") && value.get("file").equals(Optional.of(file));
  }

  private void object(Option option, OptionValue value) {
    boolean sharedFile =
        value.get("qom-type").equals(Optional.of("memory-backend-file"))
            && value.isOn("share")
            && !value.isOn("readonly");
    if (!sharedFile) {
      refuseHelper(option, value);
      file(option, value.get("qom-type").orElse("").equals("secret") ? value.get("file") : none());
      return;
    }
    // Loading RAM into the very file that the saved VM maps would overwrite that VM's memory.
    OptionValue fresh = value.with("qom-type", "memory-backend-ram");
    for (String key :
        List.of(
            "mem-path", "share", "align", "offset", "pmem", "discard-data", "readonly", "rom")) {
      fresh = fresh.without(key);
    }
    replace(option, Option.of("object", fresh.render()));
  }

  private static Optional<String> none() {
    return Optional.empty();
  }

  private void device(Option option, OptionValue value) {
    refuseHelper(option, value);
    boolean loader = value.get("driver").equals(Optional.of("loader"));
    file(option, loader ? value.get("file") : none());
  }

  private void icount(Option option, String value) {
    if (OptionValue.parse("icount", value).get("rr").isPresent()) {
      refuse(option.text() + ": a recording does not go on in a restored VM");
    }
    kept.add(option);
  }

  private void set(Option option, String value) {
    String group = value.split("\\.", 2)[0];
    if (Set.of("chardev", "drive", "mon", "netdev", "spice", "vnc", "add-fd").contains(group)) {
      refuse(option.text() + ": give the property with its option instead");
    }
    kept.add(option);
  }

  private void refuseHelper(Option option, OptionValue value) {
    CharacterDevices.helper(option.name(), value)
        .ifPresent(
            type -> refuse(option.text() + ": " + type + " needs a helper process of its own"));
  }

  private void refuseWritable(String what) {
    refuse(what + ": the disk is writable and its content is not in the checkpoint");
  }

  private void file(Option option, Optional<String> path) {
    path.ifPresent(p -> needs.add(new Need.ExistingFile(option.text(), p)));
    kept.add(option);
  }

  /// Refuses what still names a descriptor that only the saved process had.
  private void refuseDescriptors() {
    List<String> texts = new ArrayList<>();
    for (QemuArgument argument : kept) {
      if (argument instanceof Option option && !option.name().equals("add-fd")) {
        if (Descriptors.inherited(option)) {
          refuse(option.text() + ": names a file descriptor that only the saved process had");
        }
        texts.add(option.text());
      }
    }
    for (Option option :
        kept.stream().filter(Option.class::isInstance).map(Option.class::cast).toList()) {
      if (option.name().equals("add-fd")) {
        kept.remove(option);
        boolean used = texts.stream().anyMatch(t -> t.contains("/dev/fdset/"));
        if (!used) {
          leaveOut(option);
        }
      }
    }
  }

  /// An alias such as `pc`, or none, means another machine type in another QEMU.
  private void pinMachine(String machineType) {
    Optional<String> given = was.machineProperty("type");
    boolean alias = given.isEmpty() || !VERSIONED.matcher(given.get()).find();
    if (alias && !machineType.isEmpty() && !given.equals(Optional.of(machineType))) {
      add(Option.of("machine", "type=" + machineType));
    }
  }

  /// Without any display option QEMU opens a window, or a VNC port where it can open none.
  private void graphicsByDefault() {
    if (!was.has("display") && !was.has("vnc") && !was.has("spice") && !was.has("nographic")) {
      add(Option.of("display", "none"));
    }
  }

  private void add(Option option) {
    kept.add(option);
    replacements.add(new Replacement("", option.text()));
  }

  private void replace(Option option, Option by) {
    kept.add(by);
    if (!by.text().equals(option.text())) {
      replacements.add(new Replacement(option.text(), by.text()));
    }
  }

  private void leaveOut(Option option) {
    replacements.add(new Replacement(option.text(), ""));
  }

  private void refuse(String line) {
    refusals.add(line);
  }
}
