// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.stream.StreamCheckpoint;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.fixture.MemorySource;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class VmDescriptionTest {
  private static VmDescription.Device only(String device) throws StreamException {
    return VmDescription.parse("{\"page_size\":4096,\"devices\":[" + device + "]}", 0)
        .devices()
        .getFirst();
  }

  @Test
  void sizesOfArraysAndStructsAddUp() throws StreamException {
    assertThat(
            only("""
                    {"name":"d","instance_id":4294967295,"vmsd_name":"v","version":3,"fields":[
                      {"name":"a","type":"uint8","size":1},
                      {"name":"b","array_len":5,"type":"struct","struct":{"vmsd_name":"s","version":1,
                        "fields":[{"name":"x","type":"uint32","size":4}]},"size":4}]}
                    """)
                .bodySize())
        .isEqualTo(21);
  }

  @Test
  void subsectionsHaveMarkerNameAndVersion() throws StreamException {
    assertThat(
            only("""
                    {"name":"d","instance_id":0,"vmsd_name":"d","version":1,"fields":[],
                     "subsections":[{"vmsd_name":"d/sub","version":1,
                       "fields":[{"name":"x","type":"bool","size":1}],
                       "subsections":[{"vmsd_name":"d/sub/s","version":1,"fields":[]}]}]}
                    """)
                .bodySize())
        .isEqualTo(6 + 5 + 1 + 6 + 7);
  }

  @Test
  void repeatedKeysAreTaken() throws StreamException {
    assertThat(
            only("""
                    {"name":"d","instance_id":0,"vmsd_name":"d","version":1,"fields":[
                      {"name":"l","type":"qtailq","vmsd_name":"e","version":1,"fields":[],
                       "vmsd_name":"e","version":1,"fields":[],"size":9}]}
                    """)
                .bodySize())
        .isEqualTo(9);
  }

  @Test
  void whatIsNotOfItsFormIsRefused() {
    for (String json :
        new String[] {
          "",
          "[]",
          "{",
          "{}x",
          "{\"devices\":1}",
          "{\"page_size\":\"x\"}",
          "{\"page_size\":99999999999999999999}",
          "{\"devices\":[{\"fields\":[{\"size\":-1}]}]}",
          "{\"devices\":[{\"fields\":[{\"size\":9223372036854775807,\"array_len\":9}]}]}",
          "{\"x\":" + "[".repeat(2000)
        }) {
      assertThatThrownBy(() -> VmDescription.parse(json, 100))
          .as(json)
          .isInstanceOf(StreamException.Malformed.class)
          .satisfies(
              e ->
                  assertThat(((StreamException) e).streamOffset())
                      .isBetween(100L, 100L + json.length()));
    }
  }

  @Test
  void runStateIsReadAndReplaced() throws IOException {
    for (String name : Corpus.plain()) {
      try (StreamCheckpoint checkpoint =
          StreamCheckpoint.open(new MemorySource(Corpus.bytes(name)))) {
        DeviceState state = checkpoint.deviceState();
        if (Corpus.WITHOUT_FOOTERS.contains(name)) {
          assertThat(GlobalState.runState(state.sections())).isEmpty();
          continue;
        }
        // What QEMU writes for a VM that was stopped, or for one that still runs.
        assertThat(GlobalState.runState(state.sections())).isPresent();
        byte[] changed = GlobalState.withRunState(state.sections(), "suspended");
        assertThat(changed).hasSameSizeAs(state.sections());
        assertThat(GlobalState.runState(changed)).contains("suspended");
        String before = GlobalState.runState(state.sections()).orElseThrow();
        assertThat(GlobalState.withRunState(changed, before)).isEqualTo(state.sections());
      }
    }
  }
}
