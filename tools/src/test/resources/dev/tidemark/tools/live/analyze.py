# SPDX-License-Identifier: Apache-2.0
"""Prints what QEMU's own analyze-migration.py sees in streams, as lines of JSON.

    analyze.py ANALYZE-MIGRATION.PY STREAM...

    ["stream",FILE]                  for each stream, and behind it:
    ["page size",BYTES]
    ["section",ID,IDSTR,INSTANCE]    in the order of the stream
    ["block",IDSTR,BYTES]            in the order of the block list
    ["page",IDSTR,OFFSET,FILLED]     in the order of the stream; FILLED: the record has no content
    ["error",MESSAGE]                instead of these, where the script fails

Takes the classes of the script, which as a program would print vmstate fields and no page addresses, and listens while
they read.
"""
import ast
import json
import os
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


def listening(names):
    """Puts classes that note what they read in the place of the script's own."""
    their_file, their_ram = names["MigrationFile"], names["RamSection"]

    class File(their_file):
        """Ends where the file ends (the script reads zeroes behind it, for ever) and passes over page contents."""

        def __init__(self, filename):
            super().__init__(filename)
            self.size = os.path.getsize(filename)
            self.page_size = None

        def _number(self, size, signed=False):
            value = self.file.read(size)
            if len(value) != size:
                raise EOFError("the file ends")
            return int.from_bytes(value, "big", signed=signed)

        def read64(self):
            return self._number(8)

        def read32(self):
            return self._number(4)

        def read16(self):
            return self._number(2)

        def read8(self):
            return self._number(1, True)

        def readvar(self, size=None):
            if size is not None and size == self.page_size:
                if self.file.tell() + size > self.size:
                    raise EOFError("the file ends")
                self.file.seek(size, 1)
                return b""
            return super().readvar(size)

    class Visits(dict):
        def __init__(self):
            super().__init__()
            self.pages = []

        def __setitem__(self, key, value):
            name, _, address = key.rpartition(" (")
            self.pages.append([name, int(address[:-1], 16), value.startswith("Filled")])

    class Ram(their_ram):
        def __init__(self, file, *arguments):
            super().__init__(file, *arguments)
            self.memory = Visits()

        def read(self):
            self.file.page_size = self.TARGET_PAGE_SIZE
            try:
                super().read()
            finally:
                self.file.page_size = None

    names["MigrationFile"], names["RamSection"] = File, Ram
    return Ram


def seen(names, ram_class, path):
    dump = names["MigrationDump"](path)
    dump.read(dump_memory=True)
    lines = [["page size", dump.vmsd_desc["page_size"]]]
    for number, section in dump.sections.items():
        lines.append(["section", number, *section.section_key])
    for section in dump.sections.values():
        if isinstance(section, ram_class):
            lines += [["block", name, int(size, 16)] for name, size in section.sizeinfo.items()]
            lines += [["page", *page] for page in section.memory.pages]
    return lines


def main():
    names = classes(sys.argv[1])
    ram_class = listening(names)
    for path in sys.argv[2:]:
        try:
            lines = seen(names, ram_class, path)
        except Exception as e:  # whatever the script throws is what it says of this stream
            lines = [["error", f"{type(e).__name__}: {e}"]]
        for line in [["stream", path], *lines]:
            print(json.dumps(line, separators=(",", ":")))


main()
