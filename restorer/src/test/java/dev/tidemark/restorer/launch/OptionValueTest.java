// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.restorer.launch.OptionValue.Property;
import org.junit.jupiter.api.Test;

class OptionValueTest {
  @Test
  void aDoubledCommaIsAComma() {
    OptionValue drive = OptionValue.parse("drive", "if=none,id=d,file=a,,b.qcow2");
    assertThat(drive.get("file")).contains("a,b.qcow2");
    assertThat(drive.with("file", "c,d").render()).isEqualTo("if=none,id=d,file=c,,d");
  }

  @Test
  void aFirstWordWithoutAKeyIsTheImpliedOne() {
    OptionValue device = OptionValue.parse("device", "e1000,netdev=n,,0,romfile=");
    assertThat(device.get("driver")).contains("e1000");
    assertThat(device.get("netdev")).contains("n,0");
    assertThat(device.get("romfile")).contains("");
    assertThat(device.with("driver", "e1000e").render()).isEqualTo("e1000e,netdev=n,,0,romfile=");
  }

  @Test
  void wordsWithoutAKeyAreFlags() {
    OptionValue socket = OptionValue.parse("chardev", "socket,id=a,path=p,server,nowait");
    assertThat(socket.isOn("server")).isTrue();
    assertThat(socket.get("wait")).contains("off");
    assertThat(socket.with("server", "on").without("wait").render())
        .isEqualTo("socket,id=a,path=p,server=on");
  }

  @Test
  void theLastOfEqualKeysCounts() {
    OptionValue net = OptionValue.parse("netdev", "user,id=a,hostfwd=tcp::1-:2,hostfwd=tcp::3-:4");
    assertThat(net.get("hostfwd")).contains("tcp::3-:4");
    assertThat(net.properties()).hasSize(4);
  }

  @Test
  void jsonIsSeenThroughDottedKeys() {
    String text =
        "{\"driver\":\"qcow2\",\"read-only\":true,\"file\":{\"driver\":\"file\",\"filename\":\"a\"},\"n\":[1,null]}";
    OptionValue blockdev = OptionValue.parse("blockdev", text);
    assertThat(blockdev.properties())
        .containsExactly(
            new Property("driver", "qcow2"),
            new Property("read-only", "on"),
            new Property("file.driver", "file"),
            new Property("file.filename", "a"),
            new Property("n.0", "1"),
            new Property("n.1", ""));
    assertThat(blockdev.render()).isEqualTo(text);
    assertThat(blockdev.with("file.filename", "b").without("n").without("file.driver").render())
        .isEqualTo("{\"driver\":\"qcow2\",\"read-only\":true,\"file\":{\"filename\":\"b\"}}");
  }

  @Test
  void brokenJsonIsRefused() {
    assertThatThrownBy(() -> OptionValue.parse("device", "{\"driver\":"))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
