#!/usr/bin/env python3
"""check_layers.py must find each kind of fault, and nothing in a tree without any."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CHECKER = Path(__file__).with_name("check_layers.py")


class CheckLayers(unittest.TestCase):
    def check(self, files):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {"src/base/status.h": "#pragma once\n", **files}.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            done = subprocess.run([sys.executable, CHECKER, folder], capture_output=True, text=True)
        return done.returncode, done.stdout

    def assert_fault(self, files, expected):
        status, output = self.check(files)
        self.assertEqual(status, 1, output)
        self.assertIn(expected, output)

    def test_clean_tree_passes(self):
        status, output = self.check({
            "src/io/gguf.cc": '#include "base/status.h"\n#include "codec/format.h"\n#include <nlohmann/json.hpp>\n',
            "apps/rung/main.cc": '#include "commands.h"\n#include "report/table.h"\n',
        })
        self.assertEqual(status, 0, output)

    def test_include_of_a_higher_layer(self):
        self.assert_fault({"src/codec/q4.cc": '#include "io/gguf.h"\n'}, "src/codec/q4.cc:1: codec may not include io")

    def test_include_of_a_neighbour(self):
        self.assert_fault({"src/text/bpe.cc": '\n#include "io/gguf.h"\n'}, "src/text/bpe.cc:2: text may not include io")

    def test_include_of_the_program(self):
        self.assert_fault({"src/report/page.cc": '#include "apps/rung/options.h"\n'}, "report may not include apps")

    def test_include_without_folder(self):
        self.assert_fault({"src/io/gguf.cc": '#include "gguf.h"\n'}, 'write "io/gguf.h"')

    def test_heavy_header_in_a_header(self):
        self.assert_fault({"src/io/a.h": "#include <nlohmann/json.hpp>\n"}, "in .cc files only")

    def test_long_file(self):
        self.assert_fault({"src/io/a.cc": "\n" * 701}, "701 lines, 700 allowed")

    def test_non_ascii(self):
        self.assert_fault({"src/io/a.cc": "// \u00fc\n"}, "src/io/a.cc:1: not ASCII")

    def test_two_types_of_one_name(self):
        self.assert_fault({
            "src/io/a.h": "namespace rung {\nenum class Side { kA };\nstruct Point {\n",
            "src/text/b.h": "namespace rung {\nstruct Side;\nstruct Point {\n",
        }, "src/text/b.h:3: rung::Point is defined at src/io/a.h:3 too: rename one")

    def test_one_name_in_two_namespaces(self):
        status, output = self.check({
            "src/io/a.h": "namespace rung {\nenum class Side { kA };\n",
            "src/text/b.h": "namespace rung::jinja {\nenum class Side { kB };\n",
        })
        self.assertEqual(status, 0, output)

    def test_unknown_folder(self):
        self.assert_fault({"src/extra/a.cc": "\n"}, "src/extra: not in LAYERS")


if __name__ == "__main__":
    unittest.main()
