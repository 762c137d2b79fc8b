// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonShapeException;
import dev.tidemark.qmp.json.JsonValue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The model of a schema, over a small one that has every kind of entry.
class QmpSchemaTest {
  private static final QmpSchema SCHEMA =
      schema(
          """
          [{"name": "send", "meta-type": "command", "arg-type": "1", "ret-type": "2",
            "allow-oob": true, "features": ["unstable"]},
           {"name": "wait", "meta-type": "command", "arg-type": "0", "ret-type": "0"},
           {"name": "device_add", "meta-type": "command", "arg-type": "0", "ret-type": "0"},
           {"name": "SENT", "meta-type": "event", "arg-type": "1"},
           {"name": "0", "meta-type": "object", "members": []},
           {"name": "1", "meta-type": "object", "members": [
             {"name": "to", "type": "3"},
             {"name": "count", "type": "int", "default": null, "features": ["deprecated"]},
             {"name": "ratio", "type": "number", "default": null},
             {"name": "urgent", "type": "bool", "default": null},
             {"name": "more", "type": "[4]", "default": null},
             {"name": "either", "type": "6", "default": null},
             {"name": "open", "type": "any", "default": null},
             {"name": "odd", "type": "8", "default": null},
             {"name": "lost", "type": "no-such-type", "default": null}]},
           {"name": "2", "meta-type": "object", "members": [{"name": "at", "type": "int"}]},
           {"name": "3", "meta-type": "enum", "values": ["all", "some-one"]},
           {"name": "[4]", "meta-type": "array", "element-type": "4"},
           {"name": "4", "meta-type": "object", "tag": "kind",
            "members": [{"name": "kind", "type": "5"}],
            "variants": [{"case": "file", "type": "7"}, {"case": "none", "type": "0"},
                         {"case": "self", "type": "4"}]},
           {"name": "5", "meta-type": "enum", "members": [
             {"name": "file"}, {"name": "none"}, {"name": "self"}], "values": ["old"]},
           {"name": "6", "meta-type": "alternate", "members": [{"type": "str"}, {"type": "4"}]},
           {"name": "7", "meta-type": "object", "members": [{"name": "path", "type": "str"},
             {"name": "below", "type": "[4]", "default": null}]},
           {"name": "8", "meta-type": "of-tomorrow", "x": 1},
           {"name": "str", "meta-type": "builtin", "json-type": "string"},
           {"name": "int", "meta-type": "builtin", "json-type": "int"},
           {"name": "number", "meta-type": "builtin", "json-type": "number"},
           {"name": "bool", "meta-type": "builtin", "json-type": "boolean"},
           {"name": "any", "meta-type": "builtin", "json-type": "value"}]
          """);

  @Test
  void namesAreKnown() {
    assertThat(SCHEMA.commands()).containsExactly("send", "wait", "device_add");
    assertThat(SCHEMA.events()).containsExactly("SENT");
    assertThat(SCHEMA.hasCommand("send")).isTrue();
    assertThat(SCHEMA.hasCommand("SENT")).isFalse();
    assertThat(SCHEMA.hasEvent("SENT")).isTrue();
    assertThat(SCHEMA.isOutOfBand("send")).isTrue();
    assertThat(SCHEMA.isOutOfBand("wait")).isFalse();
    assertThat(SCHEMA.command("send").orElseThrow().features()).containsExactly("unstable");
    assertThat(SCHEMA.arguments("send")).hasSize(9).first().matches(member -> !member.optional());
    assertThat(SCHEMA.arguments("none")).isEmpty();
    assertThat(SCHEMA.type("8").orElseThrow()).isInstanceOf(SchemaType.Unknown.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "to",
        "more",
        "more.kind",
        "more.path",
        "more.below.below.path",
        "either.path",
        "lost"
      })
  void pathsGoThroughArraysVariantsAndAlternates(String path) {
    assertThat(SCHEMA.hasArgument("send", path)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "no", "to.x", "more.no", "more..kind", "open.x"})
  void pathsThatLeadNowhereAreNoArguments(String path) {
    assertThat(SCHEMA.hasArgument("send", path)).isFalse();
    assertThat(SCHEMA.hasArgument("none", path)).isFalse();
  }

  @Test
  void valuesOfEnumsAreKnown() {
    assertThat(SCHEMA.enumValues("send", "to")).containsExactly("all", "some-one");
    assertThat(SCHEMA.hasEnumValue("send", "more.kind", "file")).isTrue();
    assertThat(SCHEMA.hasEnumValue("send", "more.kind", "old")).isFalse();
    assertThat(SCHEMA.enumValues("send", "count")).isEmpty();
    assertThat(SCHEMA.hasReturned("send", "at")).isTrue();
    assertThat(SCHEMA.hasReturned("send", "to")).isFalse();
    assertThat(SCHEMA.capabilities()).isEmpty();
    assertThat(SCHEMA.hasMigrationParameter("x")).isFalse();
  }

  @Test
  void argumentsWithinArgumentsAreListedThroughArraysAndVariants() {
    assertThat(SCHEMA.arguments("send", "more.below"))
        .extracting(SchemaMember::name)
        .contains("kind", "path");
    assertThat(SCHEMA.arguments("send", "to")).isEmpty();
    assertThat(SCHEMA.arguments("send", "nothing")).isEmpty();
    assertThat(SCHEMA.arguments("no-such", "more")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'to':'all'}",
        "{'to':'all','count':-1,'ratio':0.5,'urgent':false,'open':{'a':[null]},'odd':[],'lost':1}",
        "{'to':'all','more':[{'kind':'file','path':'p','below':[{'kind':'none'}]}]}",
        "{'to':'all','either':'text'}",
        "{'to':'all','either':{'kind':'none'}}"
      })
  void whatQemuWouldUnderstandPasses(String arguments) throws Exception {
    assertThat(SCHEMA.objection("send", object(arguments))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '#',
      value = {
        "{} | argument \"to\" is missing",
        "{'to':'nobody'} | this QEMU has no \"nobody\" (to); it has all, some-one",
        "{'to':1} | argument \"to\" must be a JSON string, not number",
        "{'to':'all','cuont':1} | this QEMU has no argument \"cuont\"",
        "{'to':'all','urgnt':true} | no argument \"urgnt\"; did you mean \"urgent\"?",
        "{'to':'all','count':1.5} | argument \"count\" must be a JSON int, not number",
        "{'to':'all','count':null} | argument \"count\" must be a JSON int, not null",
        "{'to':'all','more':{}} | argument \"more\" must be a JSON array, not object",
        "{'to':'all','more':[1]} | argument \"more[0]\" must be a JSON object, not number",
        "{'to':'all','more':[{}]} | argument \"more[0].kind\" is missing",
        "{'to':'all','more':[{'kind':'file'}]} | argument \"more[0].path\" is missing",
        "{'to':'all','more':[{'kind':'none','path':''}]} | no argument \"more[0].path\"; it has kind",
        "{'to':'all','either':1} | argument \"either\" must be a JSON string, not number",
        "{'to':'all','either':{'kind':'file'}} | argument \"either.path\" is missing"
      })
  void whatQemuWouldNotUnderstandIsSaidInOneLine(String arguments, String said) throws Exception {
    assertThat(SCHEMA.objection("send", object(arguments)).orElseThrow())
        .contains(said)
        .doesNotContain("\n");
  }

  @Test
  void unknownCommandsAreSaidWithTheNearestOne() {
    assertThat(SCHEMA.objection("sned", JsonObject.EMPTY))
        .contains("this QEMU has no command \"sned\"; did you mean \"send\"?");
    assertThat(SCHEMA.objection("wiat-", JsonObject.EMPTY)).isPresent();
    assertThat(SCHEMA.objection("device-add", JsonObject.EMPTY))
        .contains("this QEMU has no command \"device-add\"; did you mean \"device_add\"?");
    assertThat(SCHEMA.objection("x".repeat(100_000), JsonObject.EMPTY)).isPresent();
  }

  @Test
  void propertiesOfDevicesAreNotInTheSchemaAndPass() {
    assertThat(SCHEMA.objection("device_add", JsonObject.of("driver", "x", "serial", "1")))
        .isEmpty();
  }

  @Test
  void aSchemaThatRefersToItselfEnds() throws Exception {
    QmpSchema loop =
        schema(
            """
            [{"name": "c", "meta-type": "command", "arg-type": "a", "ret-type": "a"},
             {"name": "a", "meta-type": "array", "element-type": "b"},
             {"name": "b", "meta-type": "alternate", "members": [{"type": "b"}, {"type": "o"}]},
             {"name": "o", "meta-type": "object", "tag": "t", "members": [],
              "variants": [{"case": "x", "type": "o"}]},
             {"name": "d", "meta-type": "command", "arg-type": "o", "ret-type": "a"}]
            """);
    assertThat(loop.hasArgument("c", "x.y")).isFalse();
    assertThat(loop.enumValues("c", "t")).isEmpty();
    assertThat(loop.objection("d", object("{'t':'x'}"))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[1]",
        "[{}]",
        "[{\"name\":\"x\"}]",
        "[{\"name\":\"x\",\"meta-type\":\"enum\"}]",
        "[{\"name\":\"x\",\"meta-type\":\"command\"}]",
        "[{\"name\":\"x\",\"meta-type\":\"object\",\"members\":7}]"
      })
  void anotherFormIsRefused(String json) {
    assertThatExceptionOfType(JsonShapeException.class).isThrownBy(() -> schema(json));
  }

  private static JsonObject object(String singleQuoted) throws Exception {
    return JsonValue.parse(singleQuoted.replace('\'', '"')).asObject();
  }

  private static QmpSchema schema(String json) {
    try {
      return QmpSchema.of(JsonValue.parse(json).asArray());
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    }
  }
}
