// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import java.util.Map;
import java.util.Set;

/// Names that changed between versions of QEMU while the bytes stayed the same.
final class VmstateRenames {
  /// By vmstate description or section: names that are, or were, those of one thing.
  private static final Map<String, Set<String>> FIELDS =
      Map.ofEntries(
          Map.entry("apic", Set.of("timer", "timer_expiry")),
          Map.entry(
              "cirrus_vga",
              Set.of("hw_cursor_x", "hw_cursor_y", "vga.hw_cursor_x", "vga.hw_cursor_y")),
          Map.entry("e1000", Set.of("dev", "parent_obj")),
          Map.entry("ehci", Set.of("dev", "pcidev")),
          Map.entry("I440FX", Set.of("dev", "parent_obj")),
          Map.entry("ich9-ahci", Set.of("ahci", "ich9_ahci")),
          Map.entry("ich9_ahci", Set.of("card", "parent_obj")),
          Map.entry(
              "ioh-3240-express-root-port",
              Set.of(
                  "parent_obj.parent_obj.parent_obj",
                  "parent_obj.parent_obj.parent_obj.exp.aer_log",
                  "port.br.dev",
                  "port.br.dev.exp.aer_log")),
          Map.entry("ioh3420", Set.of("PCIDevice", "PCIEDevice")),
          Map.entry("lsiscsi", Set.of("dev", "parent_obj")),
          Map.entry("mch", Set.of("d", "parent_obj")),
          Map.entry("pci_bridge", Set.of("bridge.dev", "bridge.dev.shpc", "parent_obj", "shpc")),
          Map.entry("pcnet", Set.of("parent_obj", "pci_dev")),
          Map.entry("PIIX3", Set.of("pci_irq_levels", "pci_irq_levels_vmstate")),
          Map.entry(
              "piix4_pm",
              Set.of(
                  "acpi_pci_hotplug.acpi_pcihp_pci_status[0x0]",
                  "ar.gpe",
                  "ar.pm1.cnt.cnt",
                  "ar.pm1.evt.en",
                  "ar.pm1.evt.sts",
                  "ar.tmr.overflow_time",
                  "ar.tmr.timer",
                  "dev",
                  "gpe",
                  "parent_obj",
                  "pci0_status",
                  "pm1_cnt.cnt",
                  "pm1a.en",
                  "pm1a.sts",
                  "tmr.overflow_time",
                  "tmr.timer")),
          Map.entry("qxl", Set.of("num_surfaces", "ssd.num_surfaces")),
          Map.entry("rtl8139", Set.of("dev", "parent_obj")),
          Map.entry(
              "spapr_pci",
              Set.of(
                  "dma_liobn[0]",
                  "io_win_addr",
                  "io_win_size",
                  "mem_win_addr",
                  "mem_win_size",
                  "mig_io_win_addr",
                  "mig_io_win_size",
                  "mig_liobn",
                  "mig_mem_win_addr",
                  "mig_mem_win_size")),
          Map.entry("usb-ccid", Set.of("abProtocolDataStructure", "abProtocolDataStructure.data")),
          Map.entry("usb-host", Set.of("dev", "parent_obj")),
          Map.entry("usb-mouse", Set.of("HIDPointerEventQueue", "usb-ptr-queue")),
          Map.entry("usb-tablet", Set.of("HIDPointerEventQueue", "usb-ptr-queue")),
          Map.entry("vmware_vga", Set.of("card", "parent_obj")),
          Map.entry("vmware_vga_internal", Set.of("depth", "new_depth")),
          Map.entry("x3130-upstream", Set.of("PCIDevice", "PCIEDevice")),
          Map.entry("xhci", Set.of("parent_obj", "pci_dev")),
          Map.entry("xio3130-downstream", Set.of("PCIDevice", "PCIEDevice")),
          Map.entry(
              "xio3130-express-downstream-port",
              Set.of(
                  "parent_obj.parent_obj.parent_obj",
                  "parent_obj.parent_obj.parent_obj.exp.aer_log",
                  "port.br.dev",
                  "port.br.dev.exp.aer_log")),
          Map.entry(
              "xio3130-express-upstream-port",
              Set.of(
                  "br.dev",
                  "br.dev.exp.aer_log",
                  "parent_obj.parent_obj",
                  "parent_obj.parent_obj.exp.aer_log")));

  private static final Map<String, String> SECTIONS =
      Map.of(
          "ICH9 LPC",
          "ICH9-LPC",
          "ICH9-LPC",
          "ICH9 LPC",
          "e1000-82540em",
          "e1000",
          "e1000",
          "e1000-82540em");

  private VmstateRenames() {}

  /// Whether two names stand for the same in a description or section.
  static boolean same(String owner, String a, String b) {
    Set<String> names = FIELDS.getOrDefault(owner, Set.of());
    return a.equals(b) || (names.contains(a) && names.contains(b));
  }

  /// The other name of a section, or the same one.
  static String section(String name) {
    return SECTIONS.getOrDefault(name, name);
  }
}
