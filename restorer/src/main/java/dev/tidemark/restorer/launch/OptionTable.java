// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer.launch;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// Which of QEMU's options take a value: those of 7.2 and of 10.0, all targets together.
final class OptionTable {
  enum Arity {
    FLAG,
    VALUE
  }

  private static final String FLAGS =
      """
      h help version mem-prealloc snapshot usb nographic full-screen win2k-hack no-fd-bootchk
      no-acpi no-hpet S s enable-kvm xen-attach xen-domid-restrict no-reboot no-shutdown daemonize
      only-migratable nodefaults no-user-config nouserconfig enable-sync-profile perfmap jitdump
      preconfig singlestep portrait async-teardown semihosting old-param audio-help
      """;

  private static final String VALUES =
      """
      machine M cpu accel smp numa add-fd set global boot m mem-path k audio audiodev device name
      uuid fda fdb hda hdb hdc hdd cdrom blockdev drive mtdblock sd pflash fsdev virtfs iscsi
      usbdevice display spice vga vnc g acpitable smbios netdev nic net chardev tpmdev bios kernel
      shim append initrd dtb compat fw_cfg serial parallel monitor qmp qmp-pretty mon debugcon
      pidfile overcommit gdb d D dfilter seed L xen-domid action loadvm option-rom rtc icount
      watchdog watchdog-action echr incoming sandbox readconfig trace plugin run-with msg
      dump-vmstate object chroot runas rotate prom-env semihosting-config qtest qtest-log tb-size
      """;

  private static final Map<String, Arity> ARITIES = arities();

  private OptionTable() {}

  static Optional<Arity> arity(String name) {
    return Optional.ofNullable(ARITIES.get(name));
  }

  /// All names, for tests.
  static Map<String, Arity> all() {
    return ARITIES;
  }

  private static Map<String, Arity> arities() {
    Map<String, Arity> all = new HashMap<>();
    for (String name : FLAGS.strip().split("\\s+", -1)) {
      all.put(name, Arity.FLAG);
    }
    for (String name : VALUES.strip().split("\\s+", -1)) {
      all.put(name, Arity.VALUE);
    }
    return Map.copyOf(all);
  }
}
