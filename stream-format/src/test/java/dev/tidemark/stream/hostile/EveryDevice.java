// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.hostile;

import dev.tidemark.stream.StreamElement;
import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.StreamElement.EndOfFile;
import dev.tidemark.stream.StreamElement.IterableSection;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.StreamElement.VmDescription;
import dev.tidemark.stream.StreamTransform;
import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.fixture.CorpusStream;
import dev.tidemark.stream.fixture.SourceKind;
import dev.tidemark.stream.ram.RamPages;
import dev.tidemark.stream.ram.RamRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/// Each device section of the corpus with its part of vmdesc, in a stream of its own that has no
/// pages; and where in it to damage: every byte of a section that no stream before has, and every
/// byte of vmdesc that stands at its depth between bytes between which it has not stood yet. Of the
/// rest every so many.
///
/// One goes through the corpus once, in its order.
final class EveryDevice {
  /// How many bytes before and behind make two places in vmdesc different.
  static final int AROUND = 32;

  /// A body that is longer has a table in it: of one, the first and last bytes are damaged.
  static final int LARGE = 8 << 10;

  /// How many bytes of such a body are first, and how many last.
  static final int EDGE = 256;

  private final Set<List<Object>> sections = new HashSet<>();
  private final Set<String> texts = new HashSet<>();
  private final Set<List<Object>> places = new HashSet<>();

  /// Those of the next stream in which there is something new; none if it has no vmdesc.
  List<Ground> of(CorpusStream stream) throws IOException {
    List<Ground> all = new ArrayList<>();
    List<StreamElement> elements = stream.elements(stream.open(SourceKind.SEEKABLE));
    for (StreamElement e : elements) {
      if (e instanceof VmDescription vmdesc) {
        VmdescText text = VmdescText.of(vmdesc.json());
        for (StreamElement section : elements) {
          if (section instanceof DeviceSection device) {
            device(device, text, all);
          }
        }
      }
    }
    return all;
  }

  private void device(DeviceSection device, VmdescText text, List<Ground> all) throws IOException {
    String own = text.of(device.header());
    if (own == null) {
      return;
    }
    boolean newText = texts.add(own);
    if (!sections.add(List.of(own, ByteBuffer.wrap(device.body()))) && !newText) {
      return;
    }
    String json = text.head() + own + text.tail();
    byte[] bytes = carried(device, json);
    int[] positions = positions(bytes, device, json);
    String what = VmdescText.name(device.header());
    all.add(new Ground(what, bytes, List.of(StreamSubject.values()), positions));
  }

  private int[] positions(byte[] bytes, DeviceSection device, String text) {
    int json = bytes.length - text.length();
    int section = 14 + device.header().idstr().length() + device.body().length;
    int start = json - 6 - section - (device.footer() ? 5 : 0);
    boolean[] every = new boolean[bytes.length];
    Arrays.fill(every, start, json, true);
    int body = start + 14 + device.header().idstr().length() - 1;
    if (device.body().length > LARGE) {
      Arrays.fill(every, body + EDGE, body + device.body().length - EDGE, false);
    }
    int depth = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      depth += c == '{' || c == '[' ? 1 : 0;
      String around = text.substring(Math.max(0, i - AROUND), Math.min(i + AROUND, text.length()));
      every[json + i] = places.add(List.of(depth, around));
      depth -= c == '}' || c == ']' ? 1 : 0;
    }
    int stride = device.body().length > LARGE ? EveryByte.STRIDE_OF_FILES : EveryByte.STRIDE;
    return IntStream.range(start, bytes.length).filter(i -> every[i] || i % stride == 0).toArray();
  }

  /// The device in a stream of another machine, without the devices and pages of that.
  private static byte[] carried(DeviceSection device, String vmdesc) throws IOException {
    CorpusStream stream =
        CorpusStream.of(device.footer() ? "pc-10.0-stopped" : Corpus.WITHOUT_FOOTERS.getLast());
    StreamTransform carried =
        (out, e) -> {
          switch (e) {
            case DeviceSection _, IterableSection _ -> {}
            case RamSection ram when ram.phase() == RamSection.Phase.PART -> {}
            case RamSection(long at, var phase, var header, var list, var pages) -> {
              // Read to its end, where it is seen whether there are footers.
              RamRecord.listOf(pages, stream.entry().targetPageSize());
              out.with(new RamSection(at, phase, header, list, RamPages.NONE));
            }
            case EndOfFile end -> {
              out.with(device);
              out.with(end);
            }
            case VmDescription(long at, _) -> out.with(new VmDescription(at, vmdesc));
            default -> out.with(e);
          }
        };
    return stream.transformed(SourceKind.SEEKABLE, carried);
  }
}
