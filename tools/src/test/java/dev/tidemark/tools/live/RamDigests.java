// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.command.HumanMonitorCommand;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What is in each RAM block: its used length and the SHA-256 of that, by its idstr.
final class RamDigests {
  /// Name, used length, length, and from 8.0 on the address in QEMU's memory.
  private static final Pattern BLOCK =
      Pattern.compile(
          "(\\S+) +\\d+ [KMG]iB +0x[0-9a-f]+ 0x([0-9a-f]+) 0x([0-9a-f]+)(?: 0x([0-9a-f]+))?");

  private static final Pattern MAPPING = Pattern.compile("(?m)^([0-9a-f]+)-([0-9a-f]+) (\\S+) .*$");

  private RamDigests() {}

  /// Of a VM that is stopped, as it stands in its process's memory.
  static Map<String, String> of(QmpClient qmp, long pid) throws Exception {
    Path proc = Path.of("/proc", Long.toString(pid));
    Map<String, String> digests = new TreeMap<>();
    try (FileChannel memory = FileChannel.open(proc.resolve("mem"))) {
      for (Block block : blocks(qmp, Files.readString(proc.resolve("maps")))) {
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(block.usedLength()));
        while (bytes.hasRemaining()) {
          assertThat(memory.read(bytes, block.address() + bytes.position())).isPositive();
        }
        MessageDigest digest = sha256();
        digest.update(bytes.array());
        digests.put(block.idstr(), entry(block.usedLength(), digest));
      }
    }
    assertThat(digests).hasSizeGreaterThan(3);
    return digests;
  }

  private record Block(String idstr, long usedLength, long address) {}

  private static List<Block> blocks(QmpClient qmp, String maps) throws Exception {
    String shown = qmp.execute(new HumanMonitorCommand("info ramblock"));
    List<Block> blocks = new ArrayList<>();
    Set<Long> taken = new HashSet<>();
    for (MatchResult line : BLOCK.matcher(shown).results().toList()) {
      String name = line.group(1);
      long length = Long.parseLong(line.group(3), 16);
      long address;
      if (line.group(4) != null) {
        address = Long.parseLong(line.group(4), 16);
      } else if (name.equals("pc.ram")) {
        address = mapped(qmp, name, 0);
      } else if (name.equals("pc.bios")) {
        address = mapped(qmp, name, (1L << 32) - length);
      } else {
        address = mapping(maps, length, taken);
      }
      taken.add(address);
      blocks.add(new Block(name, Long.parseLong(line.group(2), 16), address));
    }
    assertThat(taken).hasSameSizeAs(blocks);
    return blocks;
  }

  /// Where what stands at a guest-physical address is in QEMU's memory.
  private static long mapped(QmpClient qmp, String block, long address) throws Exception {
    String shown = qmp.execute(new HumanMonitorCommand("gpa2hva 0x%x".formatted(address)));
    Matcher found = Pattern.compile("\\((\\S+)\\) is 0x([0-9a-f]+)").matcher(shown);
    assertThat(found.find()).as(shown).isTrue();
    assertThat(found.group(1)).isEqualTo(block);
    return Long.parseLong(found.group(2), 16);
  }

  /// Where a block of that length is that the guest does not see: QEMU maps each by itself, with a
  /// page behind it that nobody may touch.
  private static long mapping(String maps, long length, Set<Long> taken) {
    List<MatchResult> all = MAPPING.matcher(maps).results().toList();
    List<Long> found = new ArrayList<>();
    for (int i = 0; i + 1 < all.size(); i++) {
      long start = Long.parseLong(all.get(i).group(1), 16);
      long end = Long.parseLong(all.get(i).group(2), 16);
      MatchResult next = all.get(i + 1);
      if (end - start == length
          && Long.parseLong(next.group(1), 16) == end
          && all.get(i).group(3).startsWith("rw-")
          && next.group(3).startsWith("---")
          && !taken.contains(start)) {
        found.add(start);
      }
    }
    assertThat(found).as("mappings of 0x%x bytes in%n%s", length, maps).hasSize(1);
    return found.getFirst();
  }

  /// Of a checkpoint; pages that are missing count as zeroes.
  static Map<String, String> of(Checkpoint checkpoint) throws IOException {
    Map<String, String> digests = new TreeMap<>();
    byte[] page = new byte[checkpoint.targetPageSize()];
    for (RamBlock block : checkpoint.ramBlocks()) {
      MessageDigest digest = sha256();
      for (long at = 0; at < block.usedLength(); at += page.length) {
        var _ = checkpoint.readPage(block, at, MemorySegment.ofArray(page));
        digest.update(page);
      }
      digests.put(block.idstr(), entry(block.usedLength(), digest));
    }
    return digests;
  }

  private static String entry(long usedLength, MessageDigest digest) {
    return "0x%x %s".formatted(usedLength, HexFormat.of().formatHex(digest.digest()));
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
