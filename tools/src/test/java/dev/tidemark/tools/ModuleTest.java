// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Requires.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/// What the module shows and what it needs.
class ModuleTest {
  private final ModuleDescriptor module = read();

  @Test
  void exportsTheEntryPointOnly() {
    assertThat(module.exports()).extracting(e -> e.source()).containsExactly("dev.tidemark.tools");
  }

  @Test
  void requiresTheModulesBelowAndTheCommandsLibraries() {
    assertThat(module.requires())
        .filteredOn(r -> !r.modifiers().contains(Modifier.MANDATED))
        .extracting(r -> r.name())
        .containsExactlyInAnyOrder(
            "com.fasterxml.jackson.core",
            "dev.tidemark.restorer",
            "dev.tidemark.saver",
            "info.picocli",
            "java.logging",
            "org.jline.reader",
            "org.jline.terminal",
            "org.jspecify");
  }

  @Test
  void opensToPicocliOnly() {
    assertThat(module.opens())
        .allSatisfy(o -> assertThat(o.targets()).containsExactly("info.picocli"));
  }

  private static ModuleDescriptor read() {
    try (InputStream in = Files.newInputStream(Path.of("target/classes/module-info.class"))) {
      return ModuleDescriptor.read(in);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
