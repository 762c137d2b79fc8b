// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.saver;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.module.ModuleDescriptor;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ModuleTest {
  private static final ModuleDescriptor MODULE = read();

  private static ModuleDescriptor read() {
    try (InputStream in =
        Path.of("target", "classes", "module-info.class").toUri().toURL().openStream()) {
      return ModuleDescriptor.read(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void exportsWhatCallersNeed() {
    assertThat(MODULE.exports().stream().map(ModuleDescriptor.Exports::source))
        .containsExactlyInAnyOrder("dev.tidemark.saver", "dev.tidemark.saver.guard");
  }

  @Test
  void standsOnStreamFormatAndQmpClientOnly() {
    Set<String> ours =
        MODULE.requires().stream()
            .map(ModuleDescriptor.Requires::name)
            .filter(name -> name.startsWith("dev.tidemark"))
            .collect(Collectors.toSet());
    assertThat(ours).containsExactlyInAnyOrder("dev.tidemark.qmp", "dev.tidemark.stream.format");
  }
}
