// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.tidemark.qmp.command.Raw;
import dev.tidemark.tools.report.UsageException;
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
}
