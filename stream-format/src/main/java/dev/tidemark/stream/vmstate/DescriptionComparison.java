// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import dev.tidemark.stream.vmstate.VmdescCompatibility.Finding;
import dev.tidemark.stream.vmstate.VmdescCompatibility.Kind;
import dev.tidemark.stream.vmstate.VmdescCompatibility.Severity;
import dev.tidemark.stream.vmstate.VmstateSchema.Description;
import dev.tidemark.stream.vmstate.VmstateSchema.Field;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/*
 * Fields have no names on the wire, so that what counts is their order and their bytes; names only tell which are the
 * same. Two things change names and no bytes: fields that move into a struct, and fields that become `unused`. So
 * where names differ, a struct that starts with the other's field is opened, and `unused` is held against bytes.
 */
/// Compares vmstate descriptions of one section.
///
/// @param section name for findings
/// @param fromDump whether the source is a dump
/// @param toDump whether the destination is a dump
/// @param findings takes what is found
record DescriptionComparison(
    String section, boolean fromDump, boolean toDump, List<Finding> findings) {

  void descriptions(Description source, Description destination) {
    if (!VmstateRenames.same(section, source.name(), destination.name())) {
      add(
          Severity.BLOCKS,
          Kind.DESCRIPTION,
          source,
          "the destination has description \"%s\" instead".formatted(destination.name()));
      return;
    }
    if (source.version() > destination.version()) {
      // A stream shows one version, a dump the newest that is loaded.
      add(
          Severity.BLOCKS,
          Kind.VERSION,
          source,
          "version %d is newer than %d".formatted(source.version(), destination.version()));
    }
    if (destination.minimumVersion() >= 0 && source.version() < destination.minimumVersion()) {
      add(
          Severity.BLOCKS,
          Kind.VERSION,
          source,
          "version %d is older than %d, the oldest that is loaded"
              .formatted(source.version(), destination.minimumVersion()));
    }
    fields(source, destination);
    subsections(source, destination);
  }

  private void fields(Description source, Description destination) {
    Deque<Field> ours = new ArrayDeque<>(source.fields());
    Deque<Field> theirs = new ArrayDeque<>(destination.fields());
    while (!ours.isEmpty()) {
      Field a = ours.getFirst();
      Field b = theirs.peekFirst();
      if (b == null) {
        boolean sent = !a.conditional();
        add(
            sent ? Severity.BLOCKS : Severity.MAY_BLOCK,
            Kind.FIELD,
            source,
            "field \"%s\" is not in the destination".formatted(a.name()));
        return;
      }
      if (mayBeAnother(toDump, theirs, a)) {
        theirs.removeFirst();
      } else if (mayBeAnother(fromDump, ours, b)) {
        ours.removeFirst();
      } else if (fromDump == toDump
          && same(source, a, b)
          && sizesDiffer(a, b)
          && asLong(ours, theirs)) {
        add(
            Severity.MAY_BLOCK,
            Kind.SIZE,
            source,
            "as many bytes are divided otherwise from field \"%s\" on".formatted(a.name()));
        return;
      } else if (same(source, a, b)) {
        ours.removeFirst();
        theirs.removeFirst();
        field(source, a, b);
      } else if (opens(source, b, a)) {
        open(theirs);
      } else if (opens(source, a, b)) {
        open(ours);
      } else if (a.unused() || b.unused()) {
        if (!consume(source, ours, theirs)) {
          return;
        }
      } else if (b.conditional() || b.version() > source.version()) {
        theirs.removeFirst();
      } else if (!strict() && theirs.stream().anyMatch(later -> same(source, a, later))) {
        // An array without elements is not in vmdesc.
        theirs.removeFirst();
        expects(source, b);
      } else if (a.conditional()) {
        ours.removeFirst();
        add(
            Severity.MAY_BLOCK,
            Kind.FIELD,
            source,
            "field \"%s\" may be there, and is not in the destination".formatted(a.name()));
      } else {
        add(
            Severity.BLOCKS,
            Kind.FIELD,
            source,
            "field \"%s\" where the destination has \"%s\"".formatted(a.name(), b.name()));
        return;
      }
    }
    theirs.stream()
        .filter(b -> !b.conditional() && b.version() <= source.version())
        .forEach(b -> expects(source, b));
  }

  private void expects(Description source, Field field) {
    add(
        strict() ? Severity.BLOCKS : Severity.MAY_BLOCK,
        Kind.FIELD,
        source,
        "the destination expects field \"%s\"".formatted(field.name()));
  }

  /// Whether both list every field there can be.
  private boolean strict() {
    return fromDump && toDump;
  }

  private boolean same(Description description, Field a, Field b) {
    return VmstateRenames.same(description.name(), a.name(), b.name())
        || (fromDump != toDump && unnumbered(a.name()).equals(unnumbered(b.name())));
  }

  /// vmdesc numbers fields of one name.
  private static String unnumbered(String name) {
    int bracket = name.lastIndexOf('[');
    return bracket > 0 && name.endsWith("]") ? name.substring(0, bracket) : name;
  }

  /// Whether the first of a dump's fields is conditional, has the name of the next one, and the
  /// other side, which is a stream, has only one: then it is the next one.
  private boolean mayBeAnother(boolean dump, Deque<Field> fields, Field other) {
    if (fromDump == toDump || !dump || fields.size() < 2 || !fields.getFirst().conditional()) {
      return false;
    }
    Field next = fields.stream().skip(1).findFirst().orElseThrow();
    // The stream numbers them: the first one has number 0.
    return next.name().equals(fields.getFirst().name()) && !other.name().endsWith("[0]");
  }

  private boolean opens(Description description, Field struct, Field first) {
    Optional<Description> inner = struct.inner();
    while (inner.isPresent() && !inner.get().fields().isEmpty()) {
      Field start = inner.get().fields().getFirst();
      if (same(description, start, first) || same(inner.get(), start, first)) {
        return true;
      }
      inner = start.inner();
    }
    return false;
  }

  private static void open(Deque<Field> fields) {
    Field struct = fields.removeFirst();
    struct.inner().orElseThrow().fields().reversed().forEach(fields::addFirst);
  }

  /// Holds the first fields against each other by their bytes, one of them being unused.
  private boolean consume(Description source, Deque<Field> ours, Deque<Field> theirs) {
    Field a = ours.removeFirst();
    Field b = theirs.removeFirst();
    long less = Math.min(a.total(), b.total());
    Deque<Field> longer = a.total() > b.total() ? ours : theirs;
    Field rest = a.total() > b.total() ? a : b;
    if (less < 0 || (a.total() != b.total() && !rest.unused())) {
      add(
          less < 0 ? Severity.MAY_BLOCK : Severity.BLOCKS,
          Kind.SIZE,
          source,
          "field \"%s\" does not fill \"%s\" of the destination".formatted(a.name(), b.name()));
      return false;
    }
    if (a.total() != b.total()) {
      longer.addFirst(
          new Field(
              rest.name(),
              rest.version(),
              rest.conditional(),
              rest.total() - less,
              1,
              Optional.empty()));
    }
    return true;
  }

  private void field(Description source, Field a, Field b) {
    if (strict() && a.version() > b.version()) {
      add(
          Severity.BLOCKS,
          Kind.VERSION,
          source,
          "field \"%s\" has version %d, in the destination %d"
              .formatted(a.name(), a.version(), b.version()));
    }
    if (a.inner().isPresent() && b.inner().isPresent()) {
      descriptions(a.inner().get(), b.inner().get());
    } else if (a.inner().isPresent()) {
      add(
          fromDump == toDump ? Severity.BLOCKS : Severity.MAY_BLOCK,
          Kind.DESCRIPTION,
          source,
          "field \"%s\" has no description in the destination".formatted(a.name()));
    } else if (fromDump == toDump && sizesDiffer(a, b)) {
      // Variable arrays may have any length in a stream, within the destination's bounds.
      add(
          strict() ? Severity.BLOCKS : Severity.MAY_BLOCK,
          Kind.SIZE,
          source,
          "field \"%s\" has %d bytes, in the destination %d"
              .formatted(a.name(), a.total(), b.total()));
    }
  }

  private static boolean sizesDiffer(Field a, Field b) {
    return a.inner().isEmpty()
        && b.inner().isEmpty()
        && a.size() >= 0
        && b.size() >= 0
        && (a.size() != b.size() || (a.count() >= 0 && b.count() >= 0 && a.count() != b.count()));
  }

  /// Whether fields have as many bytes as others, however they are divided.
  private static boolean asLong(Deque<Field> ours, Deque<Field> theirs) {
    return Stream.concat(ours.stream(), theirs.stream())
            .allMatch(f -> f.total() >= 0 && f.inner().isEmpty())
        && ours.stream().mapToLong(Field::total).sum()
            == theirs.stream().mapToLong(Field::total).sum();
  }

  private void subsections(Description source, Description destination) {
    for (Description ours : source.subsections()) {
      Optional<Description> theirs =
          destination.subsections().stream().filter(d -> d.name().equals(ours.name())).findFirst();
      if (theirs.isPresent()) {
        descriptions(ours, theirs.get());
      } else {
        // vmdesc lists what a stream held; the destination may know more.
        add(
            toDump ? Severity.BLOCKS : Severity.MAY_BLOCK,
            Kind.SUBSECTION,
            source,
            "subsection \"%s\" is not in the destination".formatted(ours.name()));
      }
    }
  }

  private void add(Severity severity, Kind kind, Description description, String what) {
    findings.add(new Finding(severity, kind, section, description.name(), what));
  }
}
