// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.qmp.QmpAddress;
import dev.tidemark.qmp.QmpException;
import dev.tidemark.tools.doctor.Finding;
import dev.tidemark.tools.doctor.MachineCheck;
import dev.tidemark.tools.doctor.VmCheck;
import dev.tidemark.tools.report.CheckFailedException;
import dev.tidemark.tools.report.Console;
import dev.tidemark.tools.report.ExitCode;
import dev.tidemark.tools.report.Failure;
import dev.tidemark.tools.report.JsonReport;
import dev.tidemark.tools.report.Quantity;
import dev.tidemark.tools.report.TextTable;
import dev.tidemark.tools.report.UsageException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `tidemark doctor`: what works here, and what to do about what does not.
@Command(
    name = "doctor",
    header = "Check what works on this machine, and with --qmp on a VM.",
    description = {
      "%nEach line is ok, warning or broken. With --qmp, settings that a saver which was killed has left"
          + " on the VM are put back."
    })
public final class DoctorCommand extends TidemarkCommand {
  @Mixin private QmpMixin qmp = new QmpMixin();
  @Mixin private JsonMixin json = new JsonMixin();

  /// The command.
  ///
  /// @param console where it prints
  public DoctorCommand(Console console) {
    super(console);
  }

  @Override
  public String subject() {
    return qmp.subject();
  }

  @Override
  protected void run()
      throws IOException, InterruptedException, UsageException, CheckFailedException {
    Optional<QmpAddress> address = qmp.address();
    List<Finding> findings = new ArrayList<>(MachineCheck.run());
    ExitCode worst = ExitCode.FAILED;
    if (address.isPresent()) {
      try {
        findings.addAll(VmCheck.run(address.get()));
      } catch (QmpException e) {
        Failure failure = Failure.of(e, subject());
        worst = failure.code();
        findings.add(Finding.broken("monitor", failure.line(), "then run this again"));
      }
    }
    print(findings);
    long broken = findings.stream().filter(f -> f.state() == Finding.State.BROKEN).count();
    if (broken > 0) {
      throw new CheckFailedException(
          worst, Quantity.count(broken, "check") + " failed; do what the lines marked broken say");
    }
  }

  private void print(List<Finding> findings) throws IOException {
    if (json.asked()) {
      JsonReport.print(out(), report -> report.array("findings", findings, DoctorCommand::write));
      return;
    }
    TextTable table = TextTable.ofColumns(3);
    for (Finding finding : findings) {
      String advice = finding.advice().isEmpty() ? "" : "; " + finding.advice();
      table.row(finding.state().word(), finding.subject(), finding.detail() + advice);
    }
    table.print(out(), "");
    out().flush();
  }

  private static void write(JsonReport json, Finding finding) throws IOException {
    json.put("state", finding.state().word())
        .put("subject", finding.subject())
        .put("detail", finding.detail());
    if (!finding.advice().isEmpty()) {
      json.put("advice", finding.advice());
    }
  }
}
