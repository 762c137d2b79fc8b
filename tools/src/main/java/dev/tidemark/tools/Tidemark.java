// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools;

import dev.tidemark.tools.command.ConvertCommand;
import dev.tidemark.tools.command.DemoCommand;
import dev.tidemark.tools.command.DiffCommand;
import dev.tidemark.tools.command.DoctorCommand;
import dev.tidemark.tools.command.ExtractCommand;
import dev.tidemark.tools.command.InspectCommand;
import dev.tidemark.tools.command.ListCommand;
import dev.tidemark.tools.command.QmpCallCommand;
import dev.tidemark.tools.command.RepairCommand;
import dev.tidemark.tools.command.RestoreCommand;
import dev.tidemark.tools.command.SaveCommand;
import dev.tidemark.tools.command.TidemarkCommand;
import dev.tidemark.tools.command.VerifyCommand;
import dev.tidemark.tools.report.Console;
import dev.tidemark.tools.report.ExitCode;
import dev.tidemark.tools.report.Failure;
import java.lang.reflect.InvocationTargetException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/// The top of the command line: `tidemark COMMAND [OPTIONS] ARGS`.
@Command(
    name = "tidemark",
    header = "Live checkpoints of QEMU virtual machines.",
    scope = ScopeType.INHERIT,
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    abbreviateSynopsis = true,
    sortOptions = false,
    usageHelpAutoWidth = true)
final class Tidemark {
  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Print the stack trace of an error.")
  private boolean debug;

  /// The commands in the order of `--help`. A new one is one line here.
  private static Map<String, Class<? extends TidemarkCommand>> commands() {
    Map<String, Class<? extends TidemarkCommand>> commands = new LinkedHashMap<>();
    commands.put("demo", DemoCommand.class);
    commands.put("save", SaveCommand.class);
    commands.put("restore", RestoreCommand.class);
    commands.put("inspect", InspectCommand.class);
    commands.put("diff", DiffCommand.class);
    commands.put("convert", ConvertCommand.class);
    commands.put("extract", ExtractCommand.class);
    commands.put("repair", RepairCommand.class);
    commands.put("list", ListCommand.class);
    commands.put("verify", VerifyCommand.class);
    commands.put("qmp", QmpCallCommand.class);
    commands.put("doctor", DoctorCommand.class);
    return commands;
  }

  private Tidemark() {}

  /// Runs one command line.
  ///
  /// @param console where it prints
  /// @param args the command line
  /// @return the exit code
  static int run(Console console, String... args) {
    try {
      return commandLine(console, args).execute(args);
    } catch (RuntimeException | Error e) {
      // Errors pass through picocli, and its own initialisation may fail.
      return report(console, Failure.of(e, "tidemark"), e, List.of(args).contains("--debug"));
    }
  }

  private static CommandLine commandLine(Console console, String... args) {
    CommandLine top = new CommandLine(new Tidemark());
    Map<String, Class<? extends TidemarkCommand>> commands = commands();
    Class<? extends TidemarkCommand> only = args.length == 0 ? null : commands.get(args[0]);
    // Reading the annotations of a command costs milliseconds: only those of the one that is meant.
    Collection<Class<? extends TidemarkCommand>> wanted =
        only == null ? commands.values() : List.of(only);
    for (Class<? extends TidemarkCommand> type : wanted) {
      top.addSubcommand(create(type, console));
    }
    return configured(top, console);
  }

  private static TidemarkCommand create(Class<? extends TidemarkCommand> type, Console console) {
    try {
      return type.getConstructor(Console.class).newInstance(console);
    } catch (InvocationTargetException e) {
      throw new IllegalStateException(e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(type + " needs a public constructor (Console)", e);
    }
  }

  private static CommandLine configured(CommandLine top, Console console) {
    top.getCommandSpec().usageMessage().customSynopsis("tidemark COMMAND [OPTIONS] ARGS");
    listExitCodes(top);
    top.getSubcommands().values().forEach(Tidemark::listExitCodes);
    return top.setOut(console.out())
        .setErr(console.err())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler((e, _) -> usage(console, e))
        .setExecutionExceptionHandler((e, command, _) -> failed(console, e, command));
  }

  private static void listExitCodes(CommandLine command) {
    Map<String, String> codes = new LinkedHashMap<>();
    for (ExitCode code : ExitCode.values()) {
      codes.put(String.valueOf(code.code()), code.meaning());
    }
    command
        .getCommandSpec()
        .usageMessage()
        .exitCodeListHeading("%nExit codes:%n")
        .exitCodeList(codes);
  }

  private static int usage(Console console, ParameterException e) {
    String help = e.getCommandLine().getCommandSpec().qualifiedName() + " --help";
    String what = unknownCommand(e).orElseGet(() -> message(e));
    Failure failure = Failure.usage(what + "; see '" + help + "'");
    return report(console, failure, e, false);
  }

  /// Picocli's messages start like sentences; ours follow `tidemark: `.
  private static String message(ParameterException e) {
    String message = String.valueOf(e.getMessage());
    return message.substring(0, 1).toLowerCase(Locale.ROOT) + message.substring(1);
  }

  private static Optional<String> unknownCommand(ParameterException e) {
    if (!(e instanceof UnmatchedArgumentException unmatched)
        || e.getCommandLine().getParent() != null
        || unmatched.isUnknownOption()) {
      return Optional.empty();
    }
    List<String> near = unmatched.getSuggestions();
    String mean = near.isEmpty() ? "" : "; did you mean " + String.join(" or ", near) + "?";
    return Optional.of("no such command: '" + unmatched.getUnmatched().getFirst() + "'" + mean);
  }

  private static int failed(Console console, Exception e, CommandLine command) {
    Object user = command.getCommand();
    String subject = user instanceof TidemarkCommand c ? c.subject() : "tidemark";
    Object top = command.getCommandSpec().root().userObject();
    return report(console, Failure.of(e, subject), e, top instanceof Tidemark t && t.debug);
  }

  private static int report(Console console, Failure failure, Throwable thrown, boolean debug) {
    console.out().flush();
    console.err().println("tidemark: " + failure.line());
    if (debug) {
      thrown.printStackTrace(console.err());
    }
    console.err().flush();
    return failure.code().code();
  }
}
