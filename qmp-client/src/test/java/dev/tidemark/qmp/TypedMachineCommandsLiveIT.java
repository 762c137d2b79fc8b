// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.qmp.command.AddFd;
import dev.tidemark.qmp.command.CalcDirtyRate;
import dev.tidemark.qmp.command.DirtyRate;
import dev.tidemark.qmp.command.DirtyRateMode;
import dev.tidemark.qmp.command.DirtyRateStatus;
import dev.tidemark.qmp.command.DumpGuestMemory;
import dev.tidemark.qmp.command.DumpInfo;
import dev.tidemark.qmp.command.DumpStatus;
import dev.tidemark.qmp.command.FdSet;
import dev.tidemark.qmp.command.PassedFd;
import dev.tidemark.qmp.command.Pmemsave;
import dev.tidemark.qmp.command.QomListTypes;
import dev.tidemark.qmp.command.QomType;
import dev.tidemark.qmp.command.QueryDirtyRate;
import dev.tidemark.qmp.command.QueryDump;
import dev.tidemark.qmp.command.QueryDumpGuestMemoryCapability;
import dev.tidemark.qmp.command.QueryFdsets;
import dev.tidemark.qmp.command.Quit;
import dev.tidemark.qmp.command.RemoveFd;
import dev.tidemark.qmp.command.SystemPowerdown;
import dev.tidemark.qmp.command.SystemReset;
import dev.tidemark.qmp.descriptor.SocketPair;
import dev.tidemark.qmp.event.QmpEvent;
import dev.tidemark.qmp.event.ShutdownCause;
import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.qmp.fixture.QemuBinary;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The typed commands about memory, descriptors and the power button, each at least once, on every
/// QEMU.
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class TypedMachineCommandsLiveIT {
  private static final String BINARIES = "dev.tidemark.qmp.fixture.LiveQemu#binaries";
  private static final List<String> SMALL = List.of("-m", "64");

  @ParameterizedTest
  @MethodSource(BINARIES)
  void memoryIsWrittenIntoFiles(QemuBinary binary) throws Exception {
    try (LiveQemu vm = LiveQemu.start(binary, SMALL);
        EventListener events = vm.client().listen("DUMP_COMPLETED")) {
      QmpClient qmp = vm.client();
      Path memory = vm.folder().resolve("memory");
      qmp.execute(new Pmemsave(0xf0000, 65536, memory.toString()));
      assertThat(memory).hasSize(65536);

      assertThat(qmp.execute(new QueryDumpGuestMemoryCapability())).contains("elf");
      Path core = vm.folder().resolve("core");
      qmp.execute(new DumpGuestMemory("file:" + core, false, true, Optional.of("elf")));
      QmpEvent.DumpCompleted done =
          (QmpEvent.DumpCompleted) events.next(LiveQemu.PATIENCE).orElseThrow().typed();
      assertThat(done.error()).isEmpty();
      DumpInfo info = qmp.execute(new QueryDump());
      assertThat(info.status()).isEqualTo(DumpStatus.Known.COMPLETED);
      assertThat(info.completed()).isEqualTo(info.total()).isGreaterThan(64L << 20);
      assertThat(Files.size(core)).isGreaterThan(64L << 20);
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void theDirtyRateIsMeasured(QemuBinary binary) throws Exception {
    try (LiveQemu vm = LiveQemu.start(binary, SMALL)) {
      QmpClient qmp = vm.client();
      DirtyRate before = qmp.execute(new QueryDirtyRate());
      assertThat(before.status()).isEqualTo(DirtyRateStatus.Known.UNSTARTED);
      assertThat(before.mebibytesPerSecond()).isEmpty();
      qmp.execute(new CalcDirtyRate(Duration.ofSeconds(1), DirtyRateMode.Known.PAGE_SAMPLING));
      DirtyRate rate = qmp.execute(new QueryDirtyRate());
      while (rate.status() != DirtyRateStatus.Known.MEASURED) {
        Thread.sleep(20);
        rate = qmp.execute(new QueryDirtyRate());
      }
      assertThat(rate.mebibytesPerSecond().orElseThrow()).isNotNegative();
      assertThat(rate.mode()).isEqualTo(DirtyRateMode.Known.PAGE_SAMPLING);
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void descriptorsAreKeptInSets(QemuBinary binary) throws Exception {
    try (LiveQemu vm = LiveQemu.start(binary, SMALL);
        SocketPair pair = SocketPair.open()) {
      QmpClient qmp = vm.client();
      PassedFd passed = qmp.execute(new AddFd(7), pair.remote());
      pair.closeRemote();
      assertThat(passed.fdsetId()).isEqualTo(7);
      assertThat(qmp.execute(new QueryFdsets()))
          .singleElement()
          .matches(set -> set.id() == 7 && set.fds().equals(List.of(passed.fd())));
      qmp.execute(new RemoveFd(7, OptionalLong.empty()));
      assertThat(qmp.execute(new QueryFdsets())).extracting(FdSet::id).isEmpty();
      assertThat(pair.local().read(ByteBuffer.allocate(1))).isEqualTo(-1);
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void theMachineIsResetPoweredDownAndEnds(QemuBinary binary) throws Exception {
    try (LiveQemu vm = LiveQemu.start(binary, SMALL);
        EventListener events = vm.client().listen("RESET", "POWERDOWN", "SHUTDOWN")) {
      QmpClient qmp = vm.client();
      assertThat(qmp.execute(new QomListTypes(Optional.of("device"), false)))
          .extracting(QomType::name)
          .contains("virtio-blk-pci");
      qmp.execute(new SystemReset());
      QmpEvent.Reset reset = (QmpEvent.Reset) events.next(LiveQemu.PATIENCE).orElseThrow().typed();
      assertThat(reset.guest()).isFalse();
      assertThat(reset.reason()).isEqualTo(ShutdownCause.Known.HOST_QMP_SYSTEM_RESET);
      qmp.execute(new SystemPowerdown());
      assertThat(events.next(LiveQemu.PATIENCE).orElseThrow().typed())
          .isInstanceOf(QmpEvent.Powerdown.class);
      qmp.execute(new Quit());
      QmpEvent.Shutdown shutdown =
          (QmpEvent.Shutdown) events.next(LiveQemu.PATIENCE).orElseThrow().typed();
      assertThat(shutdown.reason()).isEqualTo(ShutdownCause.Known.HOST_QMP_QUIT);
      assertThat(vm.process().waitFor(60, TimeUnit.SECONDS)).isTrue();
    }
  }
}
