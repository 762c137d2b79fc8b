// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer.launch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.restorer.launch.CommandLinePlan.Policy;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CommandLinePlanTest {
  private static final Path RUN = Path.of("/run/vm");
  private static final String PC = "pc-i440fx-10.0";

  /// What every plan ends with.
  private static final List<String> END =
      List.of("-qmp", "unix:/run/vm/qmp.sock,server=on,wait=off", "-incoming", "defer");

  private static CommandLinePlan saved(String... arguments) {
    return CommandLinePlan.of(QemuCommandLine.parse(List.of(arguments)), Policy.SAVED, RUN, PC);
  }

  /// The plan for arguments to which nothing has to be added.
  private static List<String> rendered(String... arguments) {
    String[] all = new String[arguments.length + 4];
    System.arraycopy(arguments, 0, all, 0, arguments.length);
    System.arraycopy(new String[] {"-M", PC, "-display", "none"}, 0, all, arguments.length, 4);
    CommandLinePlan plan = saved(all);
    assertThat(plan.refusals()).isEmpty();
    List<String> is = plan.commandLine().render();
    assertThat(is).endsWith(END.toArray(String[]::new));
    return is.subList(0, is.size() - 4 - END.size());
  }

  @Test
  void whatBelongsToTheVmIsKept() {
    String[] arguments = {
      "-name",
      "guest=vm,debug-threads=on",
      "-m",
      "64",
      "-smp",
      "2,sockets=2",
      "-cpu",
      "qemu64",
      "-accel",
      "kvm",
      "-enable-kvm",
      "-nodefaults",
      "-sandbox",
      "on,spawn=deny",
      "-rtc",
      "base=utc",
      "-global",
      "kvm-pit.lost_tick_policy=delay",
      "-device",
      "virtio-rng-pci,rng=r0",
      "-object",
      "rng-random,id=r0,filename=/dev/urandom",
      "-device",
      "{\"driver\":\"e1000\",\"netdev\":\"n\"}",
      "-netdev",
      "user,id=n",
      "-serial",
      "null",
      "-parallel",
      "none",
      "-vga",
      "std",
      "-d",
      "cpu_reset",
      "-kernel",
      "/boot/vmlinuz",
      "-initrd",
      "/boot/initrd",
      "-append",
      "console=ttyS0 a=b,c",
      "-no-reboot",
      "-boot",
      "strict=on",
      "-chardev",
      "pty,id=p",
      "-msg",
      "timestamp=on"
    };
    assertThat(rendered(arguments)).containsExactly(arguments);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "-monitor stdio | -monitor unix:/run/vm/monitor.sock,server=on,wait=off",
        "-serial stdio | -serial unix:/run/vm/serial0.sock,server=on,wait=off,logfile=/run/vm/serial0.log",
        "-serial mon:stdio | -serial unix:/run/vm/serial0.sock,server=on,wait=off,logfile=/run/vm/serial0.log",
        "-serial file:/var/log/vm,append=on | -serial file:/run/vm/serial0.log",
        "-serial tcp::4444,server,nowait | -serial unix:/run/vm/serial0.sock,server=on,wait=off",
        "-serial /dev/ttyS0 | -serial unix:/run/vm/serial0.sock,server=on,wait=off",
        "-serial pty | -serial pty",
        "-serial vc:80Cx24C | -serial vc:80Cx24C",
        "-serial chardev:c | -serial chardev:c",
        "-serial none | -serial none",
        "-parallel /dev/parport0 | -parallel unix:/run/vm/parallel0.sock,server=on,wait=off",
        "-debugcon file:debug | -debugcon file:/run/vm/debugcon0.log",
        "-gdb tcp::1234 | -gdb unix:/run/vm/gdb.sock,server=on,wait=off",
        "-gdb none | -gdb none",
        "-s | -gdb unix:/run/vm/gdb.sock,server=on,wait=off",
        "-pidfile /run/vm.pid | -pidfile /run/vm/qemu.pid",
        "-D /var/log/qemu | -D /run/vm/debug.log",
        "-trace enable=x,file=t | -trace enable=x,file=/run/vm/trace.log",
        "-trace qcow2_* | -trace qcow2_*",
        "-audiodev wav,id=a,path=a.wav | -audiodev wav,id=a,path=/run/vm/audio.wav",
        "-vnc :1,password=on | -vnc unix:/run/vm/vnc.sock",
        "-vnc none | -vnc none",
        "-display vnc=:1 | -vnc unix:/run/vm/vnc.sock",
        "-display curses | -display none",
        "-display gtk | -display gtk",
        "-spice port=5900,addr=0.0.0.0,disable-ticketing,seamless-migration=on | -spice"
            + " seamless-migration=on,unix=on,addr=/run/vm/spice.sock,disable-ticketing=on",
        "-chardev stdio,id=c,mux=on | -chardev"
            + " socket,id=c,mux=on,path=/run/vm/chardev-c.sock,server=on,wait=off,logfile=/run/vm/chardev-c-log.log",
        "-chardev socket,id=c,host=h,port=1,telnet=on,mux=on | -chardev"
            + " socket,id=c,mux=on,path=/run/vm/chardev-c.sock,server=on,wait=off",
        "-chardev socket,id=charmonitor,fd=26,server=on,wait=off | -chardev"
            + " socket,id=charmonitor,path=/run/vm/chardev-charmonitor.sock,server=on,wait=off",
        "-chardev file,id=c,path=/dev/fdset/2,append=on | -chardev"
            + " file,id=c,path=/run/vm/chardev-c.log,append=on",
        "-chardev null,id=c,logfile=l | -chardev null,id=c,logfile=/run/vm/chardev-c-log.log",
        "-netdev stream,id=n,server=on,addr.type=unix,addr.path=/s | -netdev"
            + " stream,id=n,server=on,addr.type=unix,addr.path=/run/vm/net-n.sock",
        "-object memory-backend-file,id=ram,size=64M,mem-path=/dev/shm/r,share=on | -object"
            + " memory-backend-ram,id=ram,size=64M",
        "-object memory-backend-file,id=ram,size=64M,mem-path=/dev/hugepages | -object"
            + " memory-backend-file,id=ram,size=64M,mem-path=/dev/hugepages",
        "-run-with exit-with-parent=on,user=nobody | -run-with user=nobody",
        "-M pc -machine type=pc-i440fx-7.2 | -M pc -machine type=pc-i440fx-7.2",
      })
  void whatCouldBeSharedIsFresh(String was, String is) {
    assertThat(rendered(was.split(" ", -1))).containsExactly(is.split(" ", -1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-S",
        "-daemonize",
        "-loadvm snap",
        "-snapshot",
        "-incoming tcp::4444",
        "-incoming defer",
        "-qtest unix:q",
        "-add-fd fd=3,set=1",
        "-run-with exit-with-parent=on"
      })
  void whatContradictsARestoreIsLeftOut(String was) {
    assertThat(rendered(was.split(" ", -1))).isEmpty();
    assertThat(saved(was.split(" ", -1)).replacements()).extracting(Replacement::was).contains(was);
  }

  @Test
  void everyMonitorHasASocketOfItsOwn() {
    assertThat(
            rendered("-qmp", "unix:/a,server", "-qmp", "tcp::4", "-mon", "chardev=c,mode=control"))
        .containsExactly(
            "-qmp",
            "unix:/run/vm/qmp-2.sock,server=on,wait=off",
            "-qmp",
            "unix:/run/vm/qmp-3.sock,server=on,wait=off",
            "-mon",
            "chardev=c,mode=control");
  }

  @Test
  void nographicKeepsTheMachineAsItWas() {
    CommandLinePlan plan = saved("-nographic", "-M", PC);
    assertThat(plan.commandLine().render())
        .startsWith(
            "-display",
            "none",
            "-machine",
            "graphics=off",
            "-serial",
            "unix:/run/vm/serial0.sock,server=on,wait=off,logfile=/run/vm/serial0.log",
            "-parallel",
            "null",
            "-M",
            PC,
            "-qmp");
    assertThat(saved("-nographic", "-nodefaults", "-M", PC).commandLine().render())
        .startsWith(
            "-display", "none", "-machine", "graphics=off", "-nodefaults", "-M", PC, "-qmp");
  }

  @Test
  void noWindowAndNoPortByDefault() {
    assertThat(saved("-M", PC).replacements())
        .extracting(Replacement::line)
        .containsExactly(
            "(default) -> -display none",
            "(default) -> -qmp unix:/run/vm/qmp.sock,server=on,wait=off");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-M pc", "-machine pc,accel=tcg", "-machine accel=kvm"})
  void anAliasOfAMachineTypeIsMadeDefinite(String arguments) {
    String[] words = arguments.isEmpty() ? new String[0] : arguments.split(" ", -1);
    assertThat(saved(words).commandLine().machineProperty("type")).contains(PC);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "-drive file=a.qcow2,if=virtio | the disk is writable",
        "-hda a.img | the disk is writable",
        "a.img | the disk is writable",
        "-pflash vars.fd | the disk is writable",
        "-blockdev driver=qcow2,node-name=d,file.driver=file,file.filename=a | the disk is writable",
        "-netdev tap,id=n,fd=28 | names a file descriptor",
        "-netdev {\"type\":\"tap\",\"id\":\"n\",\"fds\":\"3:4\"} | names a file descriptor",
        "-net tap,fd=5 | names a file descriptor",
        "-device vhost-vsock-pci,guest-cid=3,vhostfd=7 | names a file descriptor",
        "-kernel /dev/fd/9 | names a file descriptor",
        "-drive file=/dev/fdset/1,readonly=on | names a file descriptor",
        "-netdev stream,id=n,addr.type=fd,addr.str=7 | names a file descriptor",
        "-netdev vhost-user,id=n,chardev=c | needs a helper process",
        "-device vhost-user-fs-pci,chardev=c | needs a helper process",
        "-tpmdev emulator,id=t,chardev=c | needs a helper process",
        "-frobnicate | not an option of a QEMU that is known here",
        "-preconfig | set up through QMP",
        "-readconfig vm.cfg | cannot be seen here",
        "-set drive.d.readonly=off | give the property with its option",
        "-icount rr=record,rrfile=r | recording",
        "-device {\"driver\" | not JSON",
        "-m | its value is missing",
      })
  void whatCannotBeHadAgainIsRefused(String was, String why) {
    CommandLinePlan plan = saved(was.split(" ", -1));
    assertThat(plan.refusals()).singleElement().asString().startsWith(was + ": ").contains(why);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-drive file=a.qcow2,readonly=on",
        "-drive file=a.iso,media=cdrom",
        "-drive if=none,id=empty",
        "-cdrom a.iso",
        "-blockdev driver=raw,node-name=d,read-only=on,file.driver=file,file.filename=a",
        "-blockdev driver=file,node-name=f,auto-read-only=on,filename=a"
            + " -blockdev driver=qcow2,node-name=d,read-only=on,file=f",
        "-blockdev driver=null-co,node-name=z"
      })
  void disksThatTheGuestCannotWriteAreKept(String arguments) {
    assertThat(rendered(arguments.split(" ", -1))).containsExactly(arguments.split(" ", -1));
  }

  @Test
  void whatTheHostMustHaveIsNamed() {
    CommandLinePlan plan =
        saved(
            "-kernel",
            "vmlinuz",
            "-bios",
            "bios-256k.bin",
            "-drive",
            "readonly=on,file=a,,b",
            "-cdrom",
            "http://host/a.iso",
            "-netdev",
            "user,id=n,hostfwd=tcp::2222-:22,hostfwd=udp:127.0.0.1:53-:53",
            "-netdev",
            "{\"type\":\"user\",\"id\":\"m\",\"hostfwd\":[{\"str\":\"tcp:[::1]:80-:80\"}]}",
            "-netdev",
            "socket,id=s,listen=:7777");
    assertThat(plan.needs())
        .filteredOn(Need.ExistingFile.class::isInstance)
        .extracting(n -> ((Need.ExistingFile) n).path())
        .containsExactly("vmlinuz", "a,b");
    assertThat(plan.needs())
        .filteredOn(Need.FreePort.class::isInstance)
        .extracting(
            n ->
                ((Need.FreePort) n).udp()
                    + " "
                    + ((Need.FreePort) n).host()
                    + " "
                    + ((Need.FreePort) n).port())
        .containsExactly("false  2222", "true 127.0.0.1 53", "false [::1] 80", "false  7777");
  }

  @Test
  void libvirtsWayOfDescribingAVm() {
    CommandLinePlan plan =
        saved(
            "-name",
            "guest=vm,debug-threads=on",
            "-S",
            "-object",
            "{\"qom-type\":\"iothread\",\"id\":\"iothread1\"}",
            "-machine",
            "pc-q35-10.0,usb=off,dump-guest-core=off,memory-backend=pc.ram,hpet=off,acpi=on",
            "-accel",
            "kvm",
            "-cpu",
            "host,migratable=on",
            "-m",
            "size=1048576k",
            "-object",
            "{\"qom-type\":\"memory-backend-ram\",\"id\":\"pc.ram\",\"size\":1073741824}",
            "-display",
            "none",
            "-no-user-config",
            "-nodefaults",
            "-chardev",
            "socket,id=charmonitor,fd=24,server=on,wait=off",
            "-mon",
            "chardev=charmonitor,id=monitor,mode=control",
            "-device",
            "{\"driver\":\"pcie-root-port\",\"port\":16,\"chassis\":1,\"id\":\"pci.1\",\"bus\":\"pcie.0\",\"multifunction\":true,\"addr\":\"0x2\"}",
            "-blockdev",
            "{\"driver\":\"file\",\"filename\":\"/img/a.iso\",\"node-name\":\"libvirt-1-storage\",\"auto-read-only\":true}",
            "-blockdev",
            "{\"node-name\":\"libvirt-1-format\",\"read-only\":true,\"driver\":\"raw\",\"file\":\"libvirt-1-storage\"}",
            "-device",
            "{\"driver\":\"ide-cd\",\"bus\":\"ide.0\",\"drive\":\"libvirt-1-format\",\"id\":\"sata0-0-0\"}",
            "-add-fd",
            "set=0,fd=27,opaque=serial0-log",
            "-chardev",
            "pty,id=charserial0,logfile=/dev/fdset/0,logappend=on",
            "-device",
            "{\"driver\":\"isa-serial\",\"chardev\":\"charserial0\",\"id\":\"serial0\"}",
            "-audiodev",
            "{\"id\":\"audio1\",\"driver\":\"none\"}",
            "-vnc",
            "127.0.0.1:0,audiodev=audio1",
            "-sandbox",
            "on,obsolete=deny",
            "-msg",
            "timestamp=on");
    assertThat(plan.refusals()).isEmpty();
    assertThat(plan.pauseAsked()).isTrue();
    assertThat(plan.replacements())
        .extracting(Replacement::line)
        .containsExactly(
            "-S -> (left out)",
            "-chardev socket,id=charmonitor,fd=24,server=on,wait=off -> -chardev"
                + " socket,id=charmonitor,path=/run/vm/chardev-charmonitor.sock,server=on,wait=off",
            "-chardev pty,id=charserial0,logfile=/dev/fdset/0,logappend=on -> -chardev"
                + " pty,id=charserial0,logfile=/run/vm/chardev-charserial0-log.log,logappend=on",
            "-vnc 127.0.0.1:0,audiodev=audio1 -> -vnc unix:/run/vm/vnc.sock",
            "-add-fd set=0,fd=27,opaque=serial0-log -> (left out)",
            "(default) -> -qmp unix:/run/vm/qmp.sock,server=on,wait=off");
  }

  @Test
  void givenArgumentsAreTheUsersOwn() {
    List<String> given =
        List.of(
            "-m",
            "64",
            "-hda",
            "a.img",
            "-serial",
            "stdio",
            "-frob",
            "1",
            "-S",
            "-incoming",
            "tcp::1");
    CommandLinePlan plan = CommandLinePlan.of(QemuCommandLine.parse(given), Policy.GIVEN, RUN, PC);
    assertThat(plan.refusals()).isEmpty();
    assertThat(plan.pauseAsked()).isTrue();
    assertThat(plan.commandLine().render())
        .startsWith("-m", "64", "-hda", "a.img", "-serial", "stdio", "-frob", "1", "-qmp")
        .endsWith(END.toArray(String[]::new));
  }

  @Test
  void commasInTheRunFolderAreDoubled() {
    CommandLinePlan plan =
        CommandLinePlan.of(
            QemuCommandLine.parse(List.of("-serial", "stdio")), Policy.SAVED, Path.of("/a,b"), "");
    assertThat(plan.commandLine().render())
        .contains("unix:/a,,b/serial0.sock,server=on,wait=off,logfile=/a,,b/serial0.log");
    assertThat(plan.qmpSocket()).isEqualTo(Path.of("/a,b/qmp.sock"));
  }

  @Test
  void aRunFolderTooDeepForSocketsIsRefused() {
    Path deep = Path.of("/" + "x".repeat(90));
    assertThat(
            CommandLinePlan.of(QemuCommandLine.parse(List.of()), Policy.GIVEN, deep, "").refusals())
        .singleElement()
        .asString()
        .contains("too long a path");
  }
}
