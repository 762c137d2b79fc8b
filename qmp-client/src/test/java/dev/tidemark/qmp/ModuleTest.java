// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/// What the module shows and needs.
class ModuleTest {

  @Test
  void exportsAllButTheInternalPackages() throws Exception {
    assertThat(descriptor().exports().stream().map(ModuleDescriptor.Exports::source))
        .containsExactlyInAnyOrder(
            "dev.tidemark.qmp",
            "dev.tidemark.qmp.command",
            "dev.tidemark.qmp.descriptor",
            "dev.tidemark.qmp.event",
            "dev.tidemark.qmp.json",
            "dev.tidemark.qmp.schema");
    assertThat(descriptor().exports()).noneMatch(ModuleDescriptor.Exports::isQualified);
  }

  @Test
  void needsNettyAndJacksonButNoOtherModuleOfTidemark() throws Exception {
    assertThat(descriptor().requires().stream().map(ModuleDescriptor.Requires::name))
        .allMatch(
            name ->
                name.equals("java.base")
                    || name.equals("org.jspecify")
                    || name.equals("com.fasterxml.jackson.core")
                    || name.startsWith("io.netty."));
  }

  private static ModuleDescriptor descriptor() throws Exception {
    URI classes = QmpClient.class.getProtectionDomain().getCodeSource().getLocation().toURI();
    return read(Path.of(classes).resolve("module-info.class"));
  }

  private static ModuleDescriptor read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return ModuleDescriptor.read(in);
    }
  }
}
