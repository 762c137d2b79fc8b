// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.stream.fixture.Corpus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// `convert` on real streams: whatever the form, the VM in it is the same.
class ConvertCommandTest {
  private static final List<String> SOURCES =
      List.of(
          "pc-10.0-busy",
          "pc-10.0-xbzrle",
          "pc-7.2-compress",
          "pc-10.0-postcopy",
          "pc-10.0-virtio-mem",
          "pc-10.0-dirty-bitmaps",
          "pc-10.0-mapped-ram-busy",
          "virt-10.0-busy");

  private static final List<String> FORMS =
      List.of(
          "stream",
          "archive",
          "archive zstd",
          "archive none",
          "mapped-ram",
          "libvirt gzip",
          "libvirt sparse",
          "stream zstd");

  private static final List<String> MORE_COMPRESSIONS =
      List.of(
          "stream gzip",
          "stream bzip2",
          "stream xz",
          "stream lzop",
          "stream lz4",
          "libvirt none",
          "libvirt bzip2",
          "libvirt xz",
          "libvirt lzop",
          "libvirt zstd");

  @TempDir Path folder;

  private Path xml = Path.of("");

  static Stream<Arguments> conversions() {
    return Stream.concat(
        SOURCES.stream().flatMap(source -> FORMS.stream().map(form -> Arguments.of(source, form))),
        MORE_COMPRESSIONS.stream().map(form -> Arguments.of("pc-10.0-busy", form)));
  }

  @BeforeEach
  void writeXml() throws IOException {
    xml = Files.writeString(folder.resolve("domain.xml"), "<domain type='qemu'/>\n");
  }

  private Path source(String name) throws IOException {
    return Files.write(folder.resolve(name), Corpus.bytes(name));
  }

  private Cli convert(Path in, Path out, String form) {
    String[] words = form.split(" ", -1);
    return words.length == 1
        ? Cli.run("convert", in, out, "--quiet", "--to", words[0], "--xml", xml)
        : Cli.run(
            "convert", in, out, "--quiet", "--to", words[0], "--compress", words[1], "--xml", xml);
  }

  @ParameterizedTest(name = "{0} to {1}")
  @MethodSource("conversions")
  void whateverTheFormTheVmIsTheSame(String name, String form) throws IOException {
    Path in = source(name);
    Path out = folder.resolve("out");
    assertThat(convert(in, out, form).ok().outWithout(folder)).startsWith("out: written, ");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(out)))
        .isEqualTo("rw-------");
    assertThat(Cli.run("verify", "--quiet", out).code()).isZero();
    assertThat(Cli.run("diff", "--quiet", "--json", in, out).ok().out())
        .contains("\"equal\" : true");
    // And back: what was made is a source like any other.
    Path back = folder.resolve("back");
    convert(out, back, "stream").ok();
    Cli.run("diff", "--quiet", in, back).ok();
    assertThat(Cli.run("inspect", out).ok().out()).contains(": ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "elf -        | 'elf' is not written front to back: name a file instead of '-'",
        "mapped-ram - | 'mapped-ram' is not written front to back: name a file instead of '-'",
        "raw -        | 'raw' is not written front to back: name a file instead of '-'",
        "floppy x     | --to: no such choice: 'floppy'; there is: stream, archive, mapped-ram,"
            + " libvirt, elf, raw",
      })
  void whatCannotBeWrittenSoIsSaid(String toAndOut, String message) throws IOException {
    String[] words = toAndOut.split(" ", -1);
    Cli run = Cli.run("convert", source("pc-10.0-stopped"), words[1], "--to", words[0]);
    assertThat(run.failed(2).err()).isEqualTo("tidemark: " + message + "\n");
  }

  @Test
  void libvirtNeedsAnXml() throws IOException {
    Path out = folder.resolve("out");
    Cli run = Cli.run("convert", source("pc-10.0-stopped"), out, "--to", "libvirt");
    assertThat(run.failed(2).err()).contains("--xml");
    assertThat(out).doesNotExist();
  }

  @Test
  void theXmlOfASaveImageIsKept() throws IOException {
    Path first = folder.resolve("first");
    convert(source("pc-10.0-stopped"), first, "libvirt zstd").ok();
    Path second = folder.resolve("second");
    Cli.run("convert", first, second, "--quiet", "--to", "libvirt", "--compress", "sparse").ok();
    assertThat(
            new String(
                Files.readAllBytes(second), 92, 21, java.nio.charset.StandardCharsets.US_ASCII))
        .isEqualTo("<domain type='qemu'/>");
  }

  @Test
  void nothingIsReplacedWithoutForceAndNothingIsLeftOfAFailure() throws IOException {
    Path in = source("pc-10.0-stopped");
    Path out = Files.writeString(folder.resolve("out"), "mine");
    assertThat(Cli.run("convert", in, out, "--to", "stream").failed(1).err())
        .contains("already exists");
    assertThat(out).hasContent("mine");
    Cli.run("convert", in, out, "--to", "stream", "--force").ok();
    byte[] whole = Files.readAllBytes(in);
    Path cut = Files.write(folder.resolve("cut"), java.util.Arrays.copyOf(whole, 400_000));
    Path none = folder.resolve("none");
    assertThat(Cli.run("convert", cut, none, "--to", "archive").failed(3).err()).contains("0x");
    assertThat(none).doesNotExist();
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(Path::getFileName).map(Path::toString))
          .noneMatch(name -> name.contains(".part-"));
    }
  }

  @Test
  void blocksAndRangesAreExtracted() throws IOException {
    Path in = source("pc-10.0-busy");
    Path raw = folder.resolve("ram");
    Cli.run("extract", in, "--block", "pc.ram", "-o", raw).ok();
    assertThat(raw).hasSize(16 << 20);
    Path boot = folder.resolve("boot");
    Cli.run("extract", in, "--physical", "0x7c00+512", "-o", boot).ok();
    byte[] expected = java.util.Arrays.copyOfRange(Files.readAllBytes(raw), 0x7c00, 0x7e00);
    assertThat(Files.readAllBytes(boot)).isEqualTo(expected);
    Path all = folder.resolve("all");
    Cli.run("extract", in, "--blocks", "-o", all).ok();
    assertThat(all.resolve("pc.ram.raw")).hasSameBinaryContentAs(raw);
    Path cpu = folder.resolve("cpu");
    Cli.run("extract", in, "--device", "cpu/0", "-o", cpu).ok();
    assertThat(Files.size(cpu)).isGreaterThan(1000);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--block none        | --block: no RAM block 'none'; there is: pc.ram,",
        "--physical 7        | --physical: '7' is not START+LEN, as in 0x100000+4K",
        "--physical x+1      | --physical: not a number of bytes: 'x'",
        "--physical 0xff0000+128K | no RAM at 0x1000000 of the guest's memory",
        "--device none       | --device: no device section 'none'; 'tidemark inspect' lists them",
      })
  void whatIsNotThereIsSaid(String what, String message) throws IOException {
    String[] words = what.split(" ", -1);
    Path out = folder.resolve("out");
    Cli run = Cli.run("extract", source("pc-10.0-busy"), words[0], words[1], "-o", out);
    assertThat(run.failed(2).err()).startsWith("tidemark: " + message);
    assertThat(out).doesNotExist();
  }

  @Test
  void theMappedRamFileOfABackgroundSnapshotIsRepaired() throws IOException {
    Path broken = source("pc-10.0-mapped-ram-background");
    assertThat(Cli.run("verify", broken).failed(5).err())
        .contains("no page is marked as stored", "tidemark repair IN OUT");
    Path whole = folder.resolve("whole");
    assertThat(Cli.run("repair", broken, whole).ok().outWithout(folder))
        .startsWith("whole: repaired: 118 of 594 pages marked as stored");
    Cli.run("verify", "--quiet", whole).ok();
    assertThat(Cli.run("repair", whole, folder.resolve("again")).failed(5).err())
        .contains("nothing to repair");
  }
}
