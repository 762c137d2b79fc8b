// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.tidemark.qmp.command.Raw;
import dev.tidemark.tools.report.UsageException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QmpLineTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '#',
      value = {
        "query-status | query-status | {}",
        "getfd {\"fdname\": \"out\"} | getfd | {\"fdname\":\"out\"}",
        "{\"execute\": \"stop\"} | stop | {}",
        "{\"execute\": \"x\", \"arguments\": {\"a\": 1}, \"id\": 7} | x | {\"a\":1}",
        "migrate uri=unix:/a=b resume=true | migrate | {\"uri\":\"unix:/a=b\",\"resume\":true}",
        "x n=7 f=1.5 t=\"7\" e= z=null | x"
            + " | {\"n\":7,\"f\":1.5,\"t\":\"7\",\"e\":\"\",\"z\":null}",
        "x a.b.c=1 a.d=two | x | {\"a\":{\"b\":{\"c\":1},\"d\":\"two\"}}",
        "x l=[1, 2] o={\"a\": \"b c\"} s=\"a \\\"b\" | x"
            + " | {\"l\":[1,2],\"o\":{\"a\":\"b c\"},\"s\":\"a \\\"b\"}"
      })
  void aLineIsACommand(String line, String name, String arguments) throws Exception {
    Raw call = QmpLine.parse("  " + line + "  ").orElseThrow();
    assertThat(call.wireName()).isEqualTo(name);
    assertThat(call.arguments()).hasToString(arguments);
  }

  @Test
  void wordsOfAShellAreACommand() throws Exception {
    assertThat(of("query-status")).isEqualTo("{}");
    assertThat(of("human-monitor-command", "command-line=info status"))
        .isEqualTo("{\"command-line\":\"info status\"}");
    assertThat(of("getfd", "{\"fdname\":", "\"out\"}")).isEqualTo("{\"fdname\":\"out\"}");
    assertThat(of("x", "l=[1,", "2]", "b=1")).isEqualTo("{\"l\":[1,2],\"b\":1}");
    assertThat(of("{\"execute\": \"x\", \"arguments\": {\"a\": 1}}")).isEqualTo("{\"a\":1}");
    assertThat(of("getfd {\"fdname\": \"out\"}")).isEqualTo("{\"fdname\":\"out\"}");
    assertThatExceptionOfType(UsageException.class).isThrownBy(() -> of(""));
  }

  private static String of(String command, String... arguments) throws UsageException {
    return QmpLine.of(command, List.of(arguments)).arguments().toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "  \t", "# query-status"})
  void emptyLinesAndCommentsAreNone(String line) throws Exception {
    assertThat(QmpLine.parse(line)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x []",
        "x {",
        "x a=1 b",
        "x a b",
        "{}",
        "{\"execute\": 7}",
        "{\"execute\": \"x\", \"arguments\": []}",
        "{\"execute\": \"x\""
      })
  void anythingElseIsAMistake(String line) {
    assertThatExceptionOfType(UsageException.class).isThrownBy(() -> QmpLine.parse(line));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '#',
      value = {
        "x {\"a\": tru} | the arguments: not JSON: Unrecognized token 'tru' at column",
        "x {\"a\": 1 | the arguments: not JSON: Unexpected end-of-input",
        "x {\"a\": 1} y | the arguments: not JSON: Unrecognized token 'y' at column",
        "x {\"a\": 1, \"a\": 2} | member \"a\" comes twice at column 15",
        "{\"execute\": \"x\"} y | the message: not JSON: Unrecognized token 'y' at column 18",
        "x y | expected a JSON object, or NAME=VALUE ..., found 'y'"
      })
  void aMistakeIsSaidWithItsPlace(String line, String said) {
    assertThatExceptionOfType(UsageException.class)
        .isThrownBy(() -> QmpLine.parse(line))
        .withMessageContaining(said)
        .withMessageNotContaining("REDACTED");
  }
}
