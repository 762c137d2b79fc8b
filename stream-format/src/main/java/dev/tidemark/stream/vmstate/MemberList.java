// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import dev.tidemark.stream.vmstate.VmstateValue.Array;
import dev.tidemark.stream.vmstate.VmstateValue.Member;
import dev.tidemark.stream.vmstate.VmstateValue.Scalars;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The fields of a struct as they come. Neighbours of one name are elements of one array: vmdesc
/// has one object for each where they may differ.
final class MemberList {
  private final List<Member> members = new ArrayList<>();
  private final Map<String, Integer> seen = new HashMap<>();
  private final List<VmstateValue> same = new ArrayList<>();
  private String name = "";

  void add(String fieldName, VmstateValue value) {
    if (!same.isEmpty() && !fieldName.equals(name)) {
      end();
    }
    name = fieldName;
    same.add(value);
  }

  List<Member> members() {
    end();
    return members;
  }

  private void end() {
    if (!same.isEmpty()) {
      members.add(new Member(unique(), same.size() == 1 ? same.getFirst() : array()));
      same.clear();
    }
  }

  private Array array() {
    List<VmstateValue> elements = new ArrayList<>();
    for (VmstateValue value : same) {
      switch (value) {
        case Array a -> elements.addAll(a.elements());
        case Scalars s -> {
          for (int i = 0; i < s.count(); i++) {
            elements.add(s.get(i));
          }
        }
        default -> elements.add(value);
      }
    }
    return new Array(elements);
  }

  /// QEMU numbers fields of one name itself; this is for descriptions that no QEMU writes.
  private String unique() {
    int times = seen.merge(name, 1, Integer::sum);
    return times == 1 ? name : name + "#" + times;
  }
}
