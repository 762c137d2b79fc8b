// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer.launch;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Network back ends of a restored VM: listening Unix sockets are fresh, ports are kept and needed.
final class Networks {
  private static final Pattern FORWARD =
      Pattern.compile("(?<protocol>tcp:|udp:)?(?<host>\\[[^\\]]*\\]|[^:]*):(?<port>[0-9]+)-.*");
  private static final Pattern LISTEN = Pattern.compile("(?<host>.*):(?<port>[0-9]+)");

  private final RunFolder folder;
  private final List<Need> needs;

  Networks(RunFolder folder, List<Need> needs) {
    this.folder = folder;
    this.needs = needs;
  }

  /// A back end that shares nothing with the saved VM's, as far as that can be had.
  OptionValue fresh(QemuArgument.Option option, OptionValue value) {
    for (OptionValue.Property property : value.properties()) {
      if (property.key().equals("hostfwd") || property.key().startsWith("hostfwd.")) {
        need(option, FORWARD.matcher(property.value()));
      }
    }
    value.get("listen").ifPresent(listen -> need(option, LISTEN.matcher(listen)));
    if (value.isOn("server") && is(value, "addr.type", "inet")) {
      int port =
          Integer.parseInt(value.get("addr.port").filter(p -> p.matches("\\d{1,5}")).orElse("0"));
      needPort(option, false, value.get("addr.host").orElse(""), port);
    }
    OptionValue fresh = value;
    String name = "net-" + value.get("id").orElse("");
    if (value.isOn("server") && is(value, "addr.type", "unix")) {
      fresh = fresh.with("addr.path", folder.fresh(name, ".sock"));
    }
    if (is(value, "local.type", "unix")) {
      fresh = fresh.with("local.path", folder.fresh(name, ".sock"));
    }
    return fresh;
  }

  private static boolean is(OptionValue value, String key, String wanted) {
    return value.get(key).equals(Optional.of(wanted));
  }

  private void need(QemuArgument.Option option, Matcher address) {
    if (address.matches()) {
      boolean udp =
          address.namedGroups().containsKey("protocol") && "udp:".equals(address.group("protocol"));
      needPort(option, udp, address.group("host"), port(address.group("port")));
    }
  }

  private static int port(String digits) {
    return digits.length() > 5 ? 0 : Integer.parseInt(digits);
  }

  private void needPort(QemuArgument.Option option, boolean udp, String host, int port) {
    if (port > 0 && port < 65536) {
      needs.add(new Need.FreePort(option.text(), udp, host, port));
    }
  }
}
