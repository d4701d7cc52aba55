"""What the binding says of the header is what the compiler says."""

import os
import re
import subprocess
import tempfile
import unittest
from ctypes import c_char_p, c_int32, c_size_t, c_uint32, c_uint64, sizeof
from pathlib import Path

from stoa import _header, _stats

STRUCTS = [*_header.Sized.__subclasses__(), _stats.Delay]

INCLUDE = Path(__file__).resolve().parents[3] / "include"

SCALARS = {"size_t": c_size_t, "int32_t": c_int32, "uint32_t": c_uint32, "uint64_t": c_uint64}


def c_name(struct):
    return "stoa" + re.sub("([A-Z])", lambda letter: "_" + letter[1].lower(), struct.__name__)


class Header(unittest.TestCase):
    def test_constants_and_layouts_are_those_of_the_header(self):
        expected = {f"STOA_{name}": value for name, value in vars(_header).items() if name.isupper() and isinstance(value, int)}
        for struct in STRUCTS:
            expected[f"sizeof({c_name(struct)})"] = sizeof(struct)
            for name, _ in struct._fields_:
                field = getattr(struct, name)
                expected[f"offsetof({c_name(struct)}, {name})"] = field.offset
                expected[f"sizeof((({c_name(struct)} *)0)->{name})"] = field.size
        self.assertGreater(len(expected), 150)
        lines = "".join(f'    printf("%ld\\n", (long)({expression}));\n' for expression in expected)
        program = f"#include <stddef.h>\n#include <stdio.h>\n#include <stoa.h>\nint main(void)\n{{\n{lines}    return 0;\n}}\n"
        with tempfile.TemporaryDirectory() as directory:
            source, binary = Path(directory, "layout.c"), Path(directory, "layout")
            source.write_text(program)
            subprocess.run([os.environ.get("CC", "cc"), "-I", str(INCLUDE), str(source), "-o", str(binary)], check=True)
            printed = subprocess.run([str(binary)], check=True, capture_output=True, text=True).stdout
        self.assertEqual(dict(zip(expected, map(int, printed.split()))), expected)

    def test_every_member_of_every_struct_is_declared(self):
        header = (INCLUDE / "stoa.h").read_text()
        for struct in STRUCTS:
            body = re.search(rf"typedef struct {c_name(struct)} {{(.*?)\n}}", header, re.S)[1]
            members = re.findall(r"^    [^/\n]*?(\w+);$", body, re.M)
            self.assertEqual([name for name, _ in struct._fields_], members, c_name(struct))

    def test_every_function_is_declared_with_its_arguments(self):
        header = (INCLUDE / "stoa.h").read_text()
        results = {**dict.fromkeys(_header.TEXTS, "const char *"), **dict.fromkeys(_header.NUMBERS, "uint64_t")}
        for name, arguments in {**_header.FUNCTIONS, **_header.TEXTS, **_header.NUMBERS}.items():
            result, inside = re.search(rf"^(\w[\w ]*[ *]){name}\(([^)]*)\);", header, re.M).groups()
            self.assertEqual(result.strip(), results.get(name, "stoa_status"), name)
            declared = [] if inside == "void" else [part.strip() for part in inside.split(",")]
            self.assertEqual(len(declared), len(arguments), name)
            for c, python in zip(declared, arguments):
                kind, is_pointer = c.rsplit(None, 1)[0], "*" in c or "_callback" in c or "_free" in c
                with self.subTest(function=name, argument=c):
                    if not is_pointer:
                        self.assertIs(python, SCALARS[kind])
                    else:
                        self.assertEqual(sizeof(python), sizeof(c_char_p))
                        self.assertNotIn(python, SCALARS.values())
