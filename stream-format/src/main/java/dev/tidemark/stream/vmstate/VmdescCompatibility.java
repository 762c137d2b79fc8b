// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.vmstate.VmstateSchema.Description;
import dev.tidemark.stream.vmstate.VmstateSchema.Section;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Whether one QEMU could load another's stream, as far as layouts tell.
///
/// A layout is vmdesc, which says what one stream held, or what `-dump-vmstate` writes, which says
/// what could be held, and which versions are loaded. Two dumps tell most.
///
/// @param findings what stands in the way, or may; in the source's order
public record VmdescCompatibility(List<Finding> findings) {
  /// Copies the list.
  public VmdescCompatibility {
    findings = List.copyOf(findings);
  }

  /// How bad a finding is.
  public enum Severity {
    /// The destination would refuse the stream.
    BLOCKS,
    /// The layouts do not say enough, or it depends on the device's state.
    MAY_BLOCK
  }

  /// What a finding is about.
  public enum Kind {
    /// The machine types are not the same.
    MACHINE_TYPE,
    /// A section that the destination does not have.
    SECTION,
    /// Another vmstate description than the one that was expected.
    DESCRIPTION,
    /// A version that the destination does not load.
    VERSION,
    /// A field that only one of them has.
    FIELD,
    /// A field of another size.
    SIZE,
    /// A subsection that the destination does not have.
    SUBSECTION
  }

  /// Something that stands in the way.
  ///
  /// @param severity how bad
  /// @param kind what it is about
  /// @param section the section, or the type of device
  /// @param description name of the vmstate description; empty if there is none
  /// @param what one line, such as `field "x" is not in the destination`
  public record Finding(
      Severity severity, Kind kind, String section, String description, String what) {}

  /// Whether nothing stands in the way for certain.
  public boolean loads() {
    return findings.stream().noneMatch(f -> f.severity() == Severity.BLOCKS);
  }

  /// Compares layouts.
  ///
  /// @param source vmdesc or dump of the QEMU that saves
  /// @param destination vmdesc or dump of the QEMU that loads
  /// @throws StreamException if one of them is neither; offsets are those of the text
  public static VmdescCompatibility between(String source, String destination)
      throws StreamException {
    VmstateSchema from = VmstateSchema.parse(source, 0);
    VmstateSchema to = VmstateSchema.parse(destination, 0);
    List<Finding> findings = new ArrayList<>();
    if (from.dump() && to.dump() && !from.machineType().equals(to.machineType())) {
      findings.add(
          new Finding(
              Severity.MAY_BLOCK,
              Kind.MACHINE_TYPE,
              "",
              "",
              "machine type \"%s\", in the destination \"%s\""
                  .formatted(from.machineType().orElse(""), to.machineType().orElse(""))));
    }
    Map<String, List<Section>> targets = targets(from.dump(), to);
    for (Section section : from.sections()) {
      compare(section, from.dump(), to.dump(), targets, findings);
    }
    return new VmdescCompatibility(findings);
  }

  /// The destination's sections, by name; by name of the description if the two forms differ.
  private static Map<String, List<Section>> targets(boolean fromDump, VmstateSchema to) {
    Map<String, List<Section>> targets = new HashMap<>();
    for (Section section : to.sections()) {
      if (fromDump == to.dump()) {
        add(targets, section.name(), section);
      } else {
        section.description().ifPresent(d -> add(targets, d.name(), section));
      }
    }
    return targets;
  }

  private static void add(Map<String, List<Section>> targets, String name, Section section) {
    targets.computeIfAbsent(name, _ -> new ArrayList<>()).add(section);
  }

  private static void compare(
      Section section,
      boolean fromDump,
      boolean toDump,
      Map<String, List<Section>> targets,
      List<Finding> findings) {
    Optional<Description> source = section.description();
    String key = fromDump == toDump ? section.name() : source.map(Description::name).orElse("");
    List<Section> found = targets.getOrDefault(key, List.of());
    if (found.isEmpty() && fromDump && toDump) {
      found = targets.getOrDefault(VmstateRenames.section(key), List.of());
    }
    if (found.isEmpty()) {
      missing(section, fromDump, toDump, findings);
      return;
    }
    // Several types may have descriptions of one name: the one that fits best is meant.
    findings.addAll(
        found.stream()
            .map(target -> compare(section, fromDump, toDump, target))
            .min(Comparator.comparingInt(List::size))
            .orElseThrow());
  }

  private static List<Finding> compare(
      Section section, boolean fromDump, boolean toDump, Section target) {
    List<Finding> findings = new ArrayList<>();
    Optional<Description> source = section.description();
    Optional<Description> destination = target.description();
    if (source.isPresent() && destination.isPresent()) {
      new DescriptionComparison(section.name(), fromDump, toDump, findings)
          .descriptions(source.get(), destination.get());
    } else if (source.isPresent() != destination.isPresent()) {
      findings.add(
          new Finding(
              Severity.BLOCKS,
              Kind.DESCRIPTION,
              section.name(),
              source.map(Description::name).orElse(""),
              source.isPresent()
                  ? "the destination has no vmstate description"
                  : "only the destination has a vmstate description"));
    }
    return findings;
  }

  private static void missing(
      Section section, boolean fromDump, boolean toDump, List<Finding> findings) {
    if (fromDump && !toDump) {
      // A type of device that the destination's machine does not have.
      return;
    }
    // A dump does not list what is no device, such as `globalstate`.
    Severity severity = !fromDump && toDump ? Severity.MAY_BLOCK : Severity.BLOCKS;
    findings.add(
        new Finding(
            severity,
            Kind.SECTION,
            section.name(),
            section.description().map(Description::name).orElse(""),
            "section is not in the destination"));
  }
}
