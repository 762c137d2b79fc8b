# SPDX-License-Identifier: Apache-2.0
"""Prints the vmstate fields that QEMU's own analyze-migration.py reads in streams, as lines of JSON.

    analyze-fields.py ANALYZE-MIGRATION.PY STREAM...

    ["stream",FILE]                  for each stream, and behind it:
    ["IDSTR/INSTANCE:PATH",TEXT]     in the order in which the script holds them

PATH has `.NAME` for each member and subsection and `[INDEX]` for each element; TEXT is what the script shows of a value.
Takes the classes of the script, and passes over RAM.
"""
import ast
import json
import sys


def classes(path):
    """The script's definitions, without what it does as a program."""
    with open(path, encoding="utf-8") as source:
        tree = ast.parse(source.read(), path)
    end = next(
        i for i, node in enumerate(tree.body)
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "parser")
    names = {"__name__": "analyze_migration"}
    exec(compile(ast.Module(tree.body[:end], []), path, "exec"), names)
    return names


def fields(names, path, value, lines):
    if isinstance(value, names["VMSDFieldStruct"]):
        value = value.data
    if isinstance(value, dict):
        for name, member in value.items():
            fields(names, path + "." + name, member, lines)
    elif isinstance(value, list):
        for index, element in enumerate(value):
            fields(names, f"{path}[{index}]", element, lines)
    else:
        lines.append([path, str(value)])


def main():
    names = classes(sys.argv[1])
    for path in sys.argv[2:]:
        dump = names["MigrationDump"](path)
        dump.read()
        lines = []
        for section in dump.sections.values():
            if isinstance(section, names["VMSDSection"]):
                fields(names, "%s/%d:" % section.section_key, section, lines)
        for line in [["stream", path], *lines]:
            print(json.dumps(line, separators=(",", ":")))


main()
