// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.vmstate.VmdescCompatibility.Finding;
import dev.tidemark.stream.vmstate.VmdescCompatibility.Kind;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class VmdescCompatibilityTest {
  /// A dump with one device `d`.
  private static String dump(int version, int minimum, String fields, String more) {
    return """
    {"vmschkmachine":{"Name":"m"},
     "d":{"Name":"d","version_id":%1$d,"minimum_version_id":%2$d,"Description":{
       "name":"d","version_id":%1$d,"minimum_version_id":%2$d,"Fields":[%3$s]%4$s}}}
    """
        .formatted(version, minimum, fields, more);
  }

  private static String field(String name, int size) {
    return field(name, 0, false, size);
  }

  private static String field(String name, int version, boolean conditional, int size) {
    return "{\"field\":\"%s\",\"version_id\":%d,\"field_exists\":%s,\"size\":%d}"
        .formatted(name, version, conditional, size);
  }

  private static List<String> whats(String source, String destination) throws StreamException {
    return VmdescCompatibility.between(source, destination).findings().stream()
        .map(Finding::what)
        .toList();
  }

  @Test
  void theSameIsCompatible() throws IOException {
    for (String name : DeviceCorpus.NAMES) {
      String vmdesc = DeviceCorpus.state(name).vmdesc().orElseThrow();
      assertThat(VmdescCompatibility.between(vmdesc, vmdesc).findings()).isEmpty();
    }
    String dump = dump(2, 1, field("a", 4), "");
    assertThat(whats(dump, dump)).isEmpty();
  }

  @Test
  void anotherMachineHasOtherSections() throws IOException {
    VmdescCompatibility result =
        VmdescCompatibility.between(
            DeviceCorpus.state("pc-10.0").vmdesc().orElseThrow(),
            DeviceCorpus.state("q35-10.0").vmdesc().orElseThrow());
    assertThat(result.loads()).isFalse();
    assertThat(result.findings())
        .anySatisfy(
            f -> {
              assertThat(f.kind()).isEqualTo(Kind.SECTION);
              assertThat(f.section()).isEqualTo("0000:00:00.0/I440FX/0");
            });
  }

  @Test
  void versionsAreHeldAgainstEachOther() throws StreamException {
    assertThat(whats(dump(3, 1, "", ""), dump(2, 1, "", "")))
        .containsExactly("version 3 is newer than 2");
    assertThat(whats(dump(1, 1, "", ""), dump(3, 2, "", "")))
        .containsExactly("version 1 is older than 2, the oldest that is loaded");
    assertThat(whats(dump(2, 1, "", ""), dump(3, 2, "", ""))).isEmpty();
  }

  @Test
  void fieldsThatOnlyOneHasAreNamed() throws StreamException {
    String one = dump(1, 1, field("a", 4), "");
    String two = dump(1, 1, field("a", 4) + "," + field("b", 4), "");
    assertThat(whats(two, one)).containsExactly("field \"b\" is not in the destination");
    assertThat(whats(one, two)).containsExactly("the destination expects field \"b\"");
    assertThat(whats(one, dump(1, 1, field("c", 4), "")))
        .containsExactly("field \"a\" where the destination has \"c\"");
    assertThat(whats(one, dump(1, 1, field("a", 8), "")))
        .containsExactly("field \"a\" has 4 bytes, in the destination 8");
    // Newer than the stream's version, or up to a predicate.
    assertThat(whats(one, dump(2, 1, field("n", 2, false, 4) + "," + field("a", 4), ""))).isEmpty();
    assertThat(whats(one, dump(1, 1, field("n", 0, true, 4) + "," + field("a", 4), ""))).isEmpty();
  }

  @Test
  void bytesThatStayTheSameAreNotHeldAgainstIt() throws StreamException {
    String plain = dump(1, 1, field("a", 4) + "," + field("b", 4) + "," + field("c", 1), "");
    String inStruct =
        dump(
            1,
            1,
            "{\"field\":\"s\",\"version_id\":0,\"field_exists\":false,\"size\":8,\"Description\":{"
                + "\"name\":\"s\",\"version_id\":1,\"minimum_version_id\":1,\"Fields\":["
                + field("a", 4)
                + ","
                + field("b", 4)
                + "]}},"
                + field("c", 1),
            "");
    String unused = dump(1, 1, field("unused", 8) + "," + field("c", 1), "");
    assertThat(whats(plain, inStruct)).isEmpty();
    assertThat(whats(inStruct, plain)).isEmpty();
    assertThat(whats(plain, unused)).isEmpty();
    assertThat(whats(unused, plain)).isEmpty();
    assertThat(whats(plain, dump(1, 1, field("unused", 6) + "," + field("c", 1), "")))
        .containsExactly("field \"b\" does not fill \"unused\" of the destination");
  }

  @Test
  void subsectionsAreLookedFor() throws StreamException {
    String sub =
        ",\"Subsections\":[{\"name\":\"d/s\",\"version_id\":1,\"minimum_version_id\":1,\"Fields\":[]}]";
    assertThat(whats(dump(1, 1, "", sub), dump(1, 1, "", "")))
        .containsExactly("subsection \"d/s\" is not in the destination");
    assertThat(whats(dump(1, 1, "", ""), dump(1, 1, "", sub))).isEmpty();
  }

  @Test
  void aStreamIsHeldAgainstADump() throws StreamException {
    String vmdesc =
        "{\"page_size\":4096,\"devices\":[{\"name\":\"0000:00:02.0/d\",\"instance_id\":0,"
            + "\"vmsd_name\":\"d\",\"version\":1,\"fields\":["
            + "{\"name\":\"a\",\"type\":\"uint32\",\"size\":4}]}]}";
    assertThat(whats(vmdesc, dump(2, 1, field("a", 4), ""))).isEmpty();
    assertThat(whats(vmdesc, dump(2, 2, field("a", 4), "")))
        .containsExactly("version 1 is older than 2, the oldest that is loaded");
    assertThat(whats(vmdesc, dump(1, 1, field("z", 4), "")))
        .containsExactly("field \"a\" where the destination has \"z\"");
  }

  @Test
  void whatIsNeitherIsRefused() {
    for (String text : List.of("", "[]", "{}", "{\"d\":1}", "{\"d\":{\"Description\":[]}}")) {
      assertThatThrownBy(() -> VmdescCompatibility.between(text, text))
          .as(text)
          .isInstanceOf(StreamException.class);
    }
  }
}
