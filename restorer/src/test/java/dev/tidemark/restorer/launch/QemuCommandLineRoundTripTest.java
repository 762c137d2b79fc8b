// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/// Rendering what was parsed gives the same array and the same text.
class QemuCommandLineRoundTripTest {
  @Property
  void anyArrayOfKnownOptions(@ForAll("commandLines") List<String> arguments) {
    assertThat(QemuCommandLine.parse(arguments).render()).isEqualTo(arguments);
  }

  @Property
  void anyArrayAtAll(@ForAll List<String> arguments) {
    assertThat(QemuCommandLine.parse(arguments).render()).isEqualTo(arguments);
  }

  @Property
  void everyValueKeepsItsOption(@ForAll("commandLines") List<String> arguments) {
    for (QemuArgument argument : QemuCommandLine.parse(arguments).arguments()) {
      if (argument instanceof QemuArgument.Option option && !option.valueMissing()) {
        boolean takesOne = OptionTable.all().get(option.name()) == OptionTable.Arity.VALUE;
        assertThat(option.value().isPresent()).isEqualTo(takesOne);
      }
    }
  }

  @Property
  void anyPropertyList(@ForAll("propertyTexts") String text) {
    assertThat(OptionValue.Keyed.parse("driver", text).render()).isEqualTo(text);
  }

  @Property
  void whatIsSetIsReadBack(@ForAll("propertyTexts") String text, @ForAll("values") String value) {
    OptionValue changed = OptionValue.Keyed.parse("driver", text).with("path", value);
    assertThat(changed.get("path")).contains(value);
    assertThat(OptionValue.Keyed.parse("driver", changed.render()).get("path")).contains(value);
    assertThat(changed.without("path").get("path")).isEmpty();
  }

  @Provide
  Arbitrary<List<String>> commandLines() {
    List<String> names = List.copyOf(OptionTable.all().keySet());
    Arbitrary<String> value = values();
    return Arbitraries.of(names)
        .flatMap(
            name ->
                value.map(
                    v -> {
                      boolean flag = OptionTable.all().get(name) == OptionTable.Arity.FLAG;
                      return flag ? List.of("-" + name) : List.of("-" + name, v);
                    }))
        .list()
        .ofMaxSize(12)
        .map(
            lists -> {
              List<String> all = new ArrayList<>();
              lists.forEach(all::addAll);
              return all;
            });
  }

  @Provide
  Arbitrary<String> values() {
    return Arbitraries.strings().withChars("ab,=-./:{ ").ofMaxLength(12);
  }

  @Provide
  Arbitrary<String> propertyTexts() {
    return Arbitraries.strings().withChars("ab,=.pathno").ofMaxLength(20);
  }
}
