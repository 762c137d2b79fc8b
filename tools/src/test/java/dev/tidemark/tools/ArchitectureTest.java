// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import org.junit.jupiter.api.Test;

/// The arrows between the modules, and which module may use which library.
class ArchitectureTest {
  private static final String STREAM = "dev.tidemark.stream..";
  private static final String CHECKPOINT = "dev.tidemark.checkpoint..";
  private static final String QMP = "dev.tidemark.qmp..";
  private static final String SAVER = "dev.tidemark.saver..";
  private static final String RESTORER = "dev.tidemark.restorer..";
  private static final String TOOLS = "dev.tidemark.tools..";

  private static final JavaClasses ALL =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .withImportOption(location -> !location.contains("-tests.jar"))
          .importPackages("dev.tidemark");

  @Test
  void streamFormatKnowsNothingOfQemuProcesses() {
    independent(new String[] {STREAM, CHECKPOINT}, QMP, SAVER, RESTORER, TOOLS);
  }

  @Test
  void qmpClientKnowsNothingOfStreams() {
    independent(new String[] {QMP}, STREAM, CHECKPOINT, SAVER, RESTORER, TOOLS);
  }

  @Test
  void saverAndRestorerNeverSeeEachOther() {
    independent(new String[] {SAVER}, RESTORER, TOOLS);
    independent(new String[] {RESTORER}, SAVER, TOOLS);
  }

  @Test
  void nettyIsTheQmpClientsAlone() {
    onlyIn("io.netty..", QMP);
  }

  @Test
  void picocliIsTheCommandsAlone() {
    onlyIn("picocli..", TOOLS);
  }

  @Test
  void jlineIsThePromptsAlone() {
    check(
        noClasses()
            .that()
            .doNotHaveSimpleName("QmpPrompt")
            .and()
            .doNotHaveSimpleName("QmpCompleter")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.jline.."));
  }

  @Test
  void lz4IsTheStreamFormatsAlone() {
    onlyIn("net.jpountz..", STREAM, CHECKPOINT);
  }

  @Test
  void nobodyBindsALogger() {
    onlyIn("java.util.logging..", TOOLS);
  }

  @Test
  void reportsKnowNoCommands() {
    independent(
        new String[] {"dev.tidemark.tools.report..", "dev.tidemark.tools.doctor.."},
        "dev.tidemark.tools.command..",
        "picocli..");
  }

  @Test
  void packagesOfToolsHaveNoCycles() {
    slices().matching("dev.tidemark.tools.(*)..").should().beFreeOfCycles().check(ALL);
  }

  @Test
  void packagesOfTheSaverHaveNoCycles() {
    slices().matching("dev.tidemark.saver.(*)..").should().beFreeOfCycles().check(ALL);
  }

  private static void independent(String[] from, String... of) {
    check(
        noClasses()
            .that()
            .resideInAnyPackage(from)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(of));
  }

  private static void onlyIn(String library, String... packages) {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackages(packages)
            .should()
            .dependOnClassesThat()
            .resideInAPackage(library));
  }

  private static void check(ArchRule rule) {
    rule.check(ALL);
  }
}
