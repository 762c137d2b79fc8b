// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.analysis.HeatMap;
import dev.tidemark.checkpoint.analysis.RamSurvey;
import dev.tidemark.stream.SectionHeader;
import dev.tidemark.stream.vmstate.MachineVmstate;
import dev.tidemark.tools.report.Quantity;
import java.io.IOException;
import java.io.StringWriter;
import java.util.List;

/// What the page of `inspect --html` shows, as JSON that can stand between the tags of an HTML
/// element: nothing in it can end the element.
final class HtmlData {
  private static final int CELLS = 2048;

  private final JsonGenerator json;

  private HtmlData(JsonGenerator json) {
    this.json = json;
  }

  static String of(Checkpoint checkpoint, CheckpointView view) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      HtmlData data = new HtmlData(json);
      json.writeStartObject();
      data.summary(view);
      data.blocks(view, HeatMap.of(checkpoint, CELLS));
      data.sections(view);
      MachineVmstate machine = MachineVmstate.decode(view.deviceState());
      new HtmlDevices(json).write(machine);
      json.writeEndObject();
    }
    // Outside of strings JSON has none of these.
    return text.toString()
        .replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("&", "\\u0026")
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029");
  }

  private void summary(CheckpointView view) throws IOException {
    json.writeStringField("file", view.file());
    json.writeStringField("format", Words.format(view.format()));
    json.writeNumberField("pageSize", view.targetPageSize());
    json.writeStringField("sampled", Words.sampled(view.content()));
    json.writeNumberField("entropy", view.content().entropy());
    json.writeArrayFieldStart("properties");
    for (InspectProperties.Property property : InspectProperties.of(view)) {
      strings(property.name(), property.value());
    }
    json.writeEndArray();
    json.writeArrayFieldStart("tiles");
    RamSurvey ram = view.ram();
    strings("RAM", Quantity.size(ram.bytes()), Quantity.count(ram.blocks().size(), "block"));
    strings("file", Quantity.size(view.fileBytes()), Words.format(view.format()));
    pages("data", ram.data(), view);
    pages("zero", ram.zero(), view);
    pages("missing", ram.missing(), view);
    if (ram.resent().isPresent()) {
      strings("re-sent", Long.toString(ram.resent().getAsLong()), "page records");
    }
    json.writeEndArray();
  }

  private void pages(String kind, long pages, CheckpointView view) throws IOException {
    strings(
        kind,
        Quantity.size(pages * view.targetPageSize()),
        Quantity.percent(pages, view.ram().pages()) + " of RAM");
  }

  private void strings(String... values) throws IOException {
    json.writeArray(values, 0, values.length);
  }

  private void blocks(CheckpointView view, List<HeatMap> maps) throws IOException {
    json.writeArrayFieldStart("blocks");
    for (HeatMap map : maps) {
      RamSurvey.Block pages = view.ram().blocks().get(map.block().index());
      json.writeStartObject();
      json.writeStringField("name", map.block().idstr());
      json.writeStringField("size", Quantity.size(map.block().usedLength()));
      json.writeNumberField("pages", pages.pages());
      json.writeNumberField("data", pages.data());
      json.writeNumberField("zero", pages.zero());
      json.writeNumberField("missing", pages.missing());
      if (pages.resent().isPresent()) {
        json.writeNumberField("resent", pages.resent().getAsLong());
      }
      json.writeNumberField("perCell", map.pagesPerCell());
      cells(map);
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  /// Of each cell: pages of data, pages of zeroes, hundredths of a bit of entropy or -1.
  private void cells(HeatMap map) throws IOException {
    json.writeArrayFieldStart("cells");
    for (HeatMap.Cell cell : map.cells()) {
      json.writeNumber(cell.data());
      json.writeNumber(cell.zero());
      json.writeNumber(
          cell.entropy().isPresent() ? Math.round(cell.entropy().getAsDouble() * 100) : -1);
    }
    json.writeEndArray();
  }

  private void sections(CheckpointView view) throws IOException {
    json.writeArrayFieldStart("sections");
    for (CheckpointView.Live live : view.live()) {
      section(live.header(), "live, " + Quantity.count(live.sections(), "section"), live.bytes());
    }
    if (view.sections().isPresent()) {
      for (var section : view.sections().get()) {
        section(section.header(), "device", section.body().length);
      }
    } else {
      json.writeStartObject();
      json.writeStringField("name", "sections that cannot be told apart");
      json.writeNumberField("bytes", view.deviceState().sections().length);
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private void section(SectionHeader header, String kind, long bytes) throws IOException {
    json.writeStartObject();
    json.writeStringField("name", header.idstr());
    json.writeNumberField("instance", Integer.toUnsignedLong(header.instanceId()));
    json.writeNumberField("version", Integer.toUnsignedLong(header.versionId()));
    json.writeStringField("kind", kind);
    json.writeNumberField("bytes", bytes);
    json.writeEndObject();
  }
}
