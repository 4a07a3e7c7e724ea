#!/usr/bin/env python3
"""The runner must fail a test whose expectation does not hold: checked with a stand-in for the program."""
import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

RUNNER = Path(__file__).with_name("run_e2e.py")
STAND_IN = """\
#!/usr/bin/env python3
import os, signal, sys, time
command, *rest = sys.argv[1:]
if command == "say":
    print(*rest)
elif command == "complain":
    print(*rest, sep="\\n", file=sys.stderr)
    sys.exit(2)
elif command == "write":
    open(rest[0], "w").write(rest[1])
elif command == "die":
    os.kill(os.getpid(), signal.SIGSEGV)
elif command == "wait":
    print("waiting", flush=True)
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        sys.exit(130)
"""


class Runner(unittest.TestCase):
    def perform(self, text):
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder, "rung")
            program.write_text(STAND_IN)
            program.chmod(0o755)
            test = Path(folder, "a.test")
            test.write_text("# A test of the runner\n" + textwrap.dedent(text))
            done = subprocess.run([sys.executable, RUNNER, "--rung", program, "--source", folder, test],
                                  capture_output=True, text=True)
        return done.returncode, done.stdout

    def assert_passes(self, text):
        status, output = self.perform(text)
        self.assertEqual(status, 0, output)

    def assert_fails(self, text, reason):
        status, output = self.perform(text)
        self.assertEqual(status, 1, output)
        self.assertIn(reason, output)

    def test_what_holds_passes(self):
        self.assert_passes("""
            run say '{"a": [{"n": "x", "v": 2.0}, {"n": "y", "v": 3}], "s": [4, 5]}'
            expect exit 0, stdout is JSON, stderr is empty, json stdout $.a[n=y].v == 3, json stdout $.s == [4,5]
            expect json stdout $.a[*].v > 1, json stdout $.a[0].v == 2.01 within 1 %, json stdout $.a[*] has 2 values
            expect json stdout $.b is missing, json stdout $.a exists
            run complain "a, b"
            expect exit 2, stderr ~ "^a, b$", stderr is one line
            run write f hello
            expect file f, file f is 5 bytes, file f ~ "ell", no file g
            """)

    def test_what_does_not_hold_fails(self):
        for phrase in ["exit 1", 'stdout ~ "no"', 'stdout !~ "42"', "stdout is empty", "file f",
                       "json stdout $.a == 41", "json stdout $.a == 41 within 1 %", "json stdout $.b exists",
                       "json stdout $.b == 1", "json stdout $.a has 2 values", 'json stdout $.a ~ "4"']:
            with self.subTest(phrase):
                self.assert_fails(f"""
                    run say '{{"a": 42}}'
                    expect {phrase}
                    """, "a.test:4: expected")

    def test_two_lines_are_not_one(self):
        self.assert_fails("""
            run complain a b
            expect stderr is one line
            """, "2 lines")

    def test_a_piece_left_behind_is_found(self):
        self.assert_fails("""
            run write out.gguf.partial x
            expect no file out.gguf
            """, "left behind: out.gguf.partial")

    def test_a_crash_fails_even_where_unasked(self):
        self.assert_fails("run die", "died of SIGSEGV")

    def test_one_bad_run_of_many_fails(self):
        self.assert_fails("""
            given text d1.txt "x"
            given text d2.txt "y"
            run say {} for each d*.txt
            expect stdout ~ "d1"
            """, "rung say d2.txt")

    def test_stopping(self):
        self.assert_passes("""
            run wait, stopped once "waiting"
            expect exit 130
            """)

    def test_unknown_phrases_are_refused(self):
        for line in ["given nonsense", "expects exit 0", "run say x\nexpect nonsense", "given llama a.gguf, nonsense"]:
            with self.subTest(line):
                self.assert_fails(line, "a.test:2" if "\n" not in line else "a.test:3")


if __name__ == "__main__":
    unittest.main()
