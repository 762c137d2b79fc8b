// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// What the module shows and needs.
class ModuleTest {
  @Test
  void exportsItsPackagesAndNeedsLittle() throws IOException {
    URI classes =
        URI.create(
            StreamElement.class.getProtectionDomain().getCodeSource().getLocation().toString());
    try (InputStream in = Files.newInputStream(Path.of(classes).resolve("module-info.class"))) {
      ModuleDescriptor module = ModuleDescriptor.read(in);
      assertThat(module.name()).isEqualTo("dev.tidemark.stream.format");
      assertThat(
              module.exports().stream()
                  .map(ModuleDescriptor.Exports::source)
                  .collect(Collectors.toSet()))
          .containsExactlyInAnyOrder(
              "dev.tidemark.checkpoint",
              "dev.tidemark.checkpoint.analysis",
              "dev.tidemark.checkpoint.archive",
              "dev.tidemark.checkpoint.compressed",
              "dev.tidemark.checkpoint.elfcore",
              "dev.tidemark.checkpoint.libvirt",
              "dev.tidemark.checkpoint.mappedram",
              "dev.tidemark.checkpoint.memory",
              "dev.tidemark.checkpoint.qcow2",
              "dev.tidemark.checkpoint.raw",
              "dev.tidemark.checkpoint.stream",
              "dev.tidemark.stream",
              "dev.tidemark.stream.command",
              "dev.tidemark.stream.multifd",
              "dev.tidemark.stream.ram",
              "dev.tidemark.stream.vmstate");
      assertThat(
              module.requires().stream()
                  .map(ModuleDescriptor.Requires::name)
                  .collect(Collectors.toSet()))
          .containsExactlyInAnyOrder(
              "java.base",
              "java.xml",
              "org.jspecify",
              "aircompressor.v3",
              "com.fasterxml.jackson.core",
              "com.github.luben.zstd_jni",
              "org.apache.commons.compress",
              "org.lz4.java",
              "org.tukaani.xz");
    }
  }
}
