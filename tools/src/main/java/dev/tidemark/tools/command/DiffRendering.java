// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.analysis.RamDiff;
import dev.tidemark.checkpoint.analysis.RamDiff.Difference;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.vmstate.DeviceDiff;
import dev.tidemark.tools.report.JsonReport;
import dev.tidemark.tools.report.Quantity;
import dev.tidemark.tools.report.TextTable;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/// What differs between two checkpoints, as text and as JSON.
///
/// @param ram their pages
/// @param devices the fields of their devices
record DiffRendering(RamDiff ram, DeviceDiff devices) {
  private static final String INDENT = "  ";

  void text(PrintWriter out, boolean pages, boolean fields) throws IOException {
    out.println("RAM blocks");
    blocks().print(out, INDENT);
    only(out, ram.onlyFirst(), "only in the first");
    only(out, ram.onlySecond(), "only in the second");
    if (pages && ram.blocks().stream().anyMatch(b -> b.equal() < b.total())) {
      out.println();
      out.println("Pages");
      new RunText(ram.blocks().getFirst().pageSize(), "difference").print(out, INDENT, this::rows);
    }
    out.println();
    out.println("Device fields");
    if (fields) {
      DeviceRendering.diff(out, devices);
    } else {
      fields(out);
    }
    out.flush();
  }

  boolean isEmpty() {
    return ram.isEmpty() && devices.changes().isEmpty();
  }

  private TextTable blocks() {
    TextTable table =
        TextTable.of(
            "block", ">pages", ">equal", ">differing", ">only in first", ">only in second", "");
    for (RamDiff.Block block : ram.blocks()) {
      table.row(
          block.first().idstr(),
          block.total(),
          block.equal(),
          block.count(Difference.CONTENT),
          block.count(Difference.ONLY_FIRST),
          block.count(Difference.ONLY_SECOND),
          sizes(block));
    }
    return table;
  }

  private static String sizes(RamDiff.Block block) {
    return block.first().usedLength() == block.second().usedLength()
        ? ""
        : Quantity.size(block.first().usedLength())
            + " and "
            + Quantity.size(block.second().usedLength());
  }

  private static void only(PrintWriter out, List<RamBlock> blocks, String where) {
    for (RamBlock block : blocks) {
      out.println(
          INDENT
              + TextTable.printable(block.idstr())
              + ": "
              + where
              + ", "
              + Quantity.size(block.usedLength()));
    }
  }

  private void rows(RunText.RowVisitor rows) throws IOException {
    for (RamDiff.Block block : ram.blocks()) {
      block.forEachRange(
          (start, end, difference) ->
              rows.row(block.first().idstr(), start, end, words(difference)));
    }
  }

  private static String words(Difference difference) {
    return switch (difference) {
      case CONTENT -> "differ";
      case ONLY_FIRST -> "only in first";
      case ONLY_SECOND -> "only in second";
    };
  }

  private void fields(PrintWriter out) {
    long owners =
        devices.changes().stream()
            .map(change -> change.path().device() + "/" + change.path().instanceId())
            .distinct()
            .count();
    out.println(
        INDENT
            + Quantity.count(devices.changes().size(), "difference")
            + (owners == 0 ? "" : " in " + Quantity.count(owners, "device"))
            + (owners == 0 ? "" : "; --devices lists them"));
  }

  void json(PrintWriter out, boolean pages, boolean fields) throws IOException {
    JsonReport.print(
        out,
        json -> {
          json.put("equal", isEmpty())
              .array("ram_blocks", ram.blocks(), (j, block) -> block(j, block, pages))
              .array("blocks_only_in_first", ram.onlyFirst(), DiffRendering::block)
              .array("blocks_only_in_second", ram.onlySecond(), DiffRendering::block)
              .put("device_differences", devices.changes().size());
          if (fields) {
            DeviceRendering.changes(json, devices);
          }
        });
  }

  private static void block(JsonReport json, RamBlock block) throws IOException {
    json.put("name", block.idstr()).put("used_length", block.usedLength());
  }

  private static void block(JsonReport json, RamDiff.Block block, boolean pages)
      throws IOException {
    json.put("name", block.first().idstr())
        .put("used_length", block.first().usedLength())
        .put("used_length_in_second", block.second().usedLength())
        .put("pages", block.total())
        .put("equal", block.equal())
        .put("differing", block.count(Difference.CONTENT))
        .put("only_in_first", block.count(Difference.ONLY_FIRST))
        .put("only_in_second", block.count(Difference.ONLY_SECOND));
    if (pages) {
      json.list(
          "ranges",
          list ->
              block.forEachRange(
                  (start, end, difference) ->
                      list.add(
                          j ->
                              j.put("start", start)
                                  .put("length", end - start)
                                  .put("difference", difference.name().toLowerCase(Locale.ROOT)))));
    }
  }
}
