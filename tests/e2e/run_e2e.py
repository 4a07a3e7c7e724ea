#!/usr/bin/env python3
"""Runs end-to-end tests of the rung program: text files that read as given, run, expect (language: README.md).

Usage: run_e2e.py --rung PROGRAM --source REPOSITORY FILE.test...
Exit status: 0 passed, 1 failed, 77 skipped (something the test needs cannot be made here).
"""
import argparse
import json
import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import gguf_maker

TIME_LIMIT_SECONDS = 900
NOBODY = 65534


class TestFailure(Exception):
    pass


class CannotTest(Exception):
    pass


class BadTest(Exception):
    """The test itself is wrong: a phrase the language does not have."""


def match(pattern, text):
    """The groups of a phrase, or None. Quoted strings ("...") keep their inside as it is."""
    found = re.fullmatch(pattern, text)
    return found.groups() if found else None


def split_phrases(text):
    """Splits at commas that are outside of double quotes and square brackets."""
    return [phrase.strip() for phrase in re.findall(r'(?:"[^"]*"|\[[^\]]*\]|[^,"\[])+', text)]


def values_at(document, path):
    """All values at a path like $.rungs[0].kld.mean, $.rungs[*].name or $.tensors[name=output.weight].type."""
    if not path.startswith("$"):
        raise BadTest(f"a JSON path starts with $: {path}")
    steps = re.findall(r"\.(\w+)|\[(\*|\d+)\]|\[(\w+)=([^\]]+)\]", path[1:])
    found = [document]
    for key, position, field, wanted in steps:
        below = []
        for value in found:
            if key and isinstance(value, dict):
                below += [value[key]] if key in value else []
            elif position == "*" and isinstance(value, list):
                below += value
            elif position and isinstance(value, list):
                below += value[int(position):int(position) + 1]
            elif field and isinstance(value, list):
                below += [item for item in value if str(item.get(field)) == wanted]
        found = below
    return found


def compare(value, operator, expected):
    if operator == "~":
        return isinstance(value, str) and re.search(expected, value) is not None
    if operator == "==":
        return value == expected
    if operator == "!=":
        return value != expected
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return False
    return {"<": value < expected, ">": value > expected, "<=": value <= expected, ">=": value >= expected}[operator]


class Outcome:
    """What one run of the program did."""

    def __init__(self, command, status, stdout, stderr):
        self.command, self.status = command, status
        self.stdout, self.stderr = stdout, stderr

    def describe(self):
        def shorten(text):
            return text if len(text) < 3000 else text[:1500] + "\n[...]\n" + text[-1500:]
        return (f"  command: {self.command}\n  exit status: {self.status}\n"
                f"  stdout: {shorten(self.stdout)}\n  stderr: {shorten(self.stderr)}")


class Test:
    def __init__(self, path, rung, source, folder):
        self.path, self.source, self.folder = path, source, folder
        self.rung = Path(rung).resolve()
        self.as_nobody = False
        self.mounts = []
        self.outcomes = []

    def file(self, name):
        path = (self.folder / name).resolve()
        if path != self.folder and self.folder not in path.parents:
            raise BadTest(f"{name} is outside the test's folder")
        return self.folder / name

    # given

    def given(self, text):
        for pattern, make in [
            (r"llama (\S+?)(?:, *(.+))?", self.given_llama),
            (r"copy of (\S+) as (\S+)", self.given_copy),
            (r"cut copies of (\S+) in (\S+)", self.given_cut_copies),
            (r"flipped copies of (\S+) in (\S+)", self.given_flipped_copies),
            (r"random bytes (\S+), *(\d+) bytes", self.given_random_bytes),
            (r"empty file (\S+)", lambda name: self.file(name).write_bytes(b"")),
            (r'text (\S+) "(.*)"(?: (\d+) times)?', self.given_text),
            (r"bytes (\S+) ([0-9a-f ]+)", lambda name, digits: self.file(name).write_bytes(bytes.fromhex(digits))),
            (r"folder (\S+)", lambda name: self.file(name).mkdir(parents=True)),
            (r"unreadable (\S+)", self.given_unreadable),
            (r"read-only folder (\S+)", self.given_read_only_folder),
            (r"full disk (\S+), *(\d+) kB", self.given_full_disk),
        ]:
            groups = match(pattern, text)
            if groups is not None:
                make(*groups)
                return
        raise BadTest(f"unknown: given {text}")

    def given_llama(self, name, faults):
        path = self.file(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.write_bytes(gguf_maker.make(split_phrases(faults) if faults else []))
        except (gguf_maker.FaultError, KeyError) as error:
            raise BadTest(f"given llama {name}: {error}") from error

    def given_text(self, name, words, times):
        text = words.replace("\\n", "\n").replace('\\"', '"')
        self.file(name).write_text(text * int(times or 1), encoding="utf-8")

    def given_copy(self, origin, name):
        target = self.file(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        known = self.folder / origin if (self.folder / origin).exists() else self.source / origin
        if known.is_dir():
            shutil.copytree(known, target)
        else:
            shutil.copyfile(known, target)

    def given_cut_copies(self, origin, name):
        """One copy for each of the first lengths and for lengths all along the file, none of them whole."""
        data = self.file(origin).read_bytes()
        lengths = sorted({*range(0, 64, 3), *(len(data) * part // 40 for part in range(40)), len(data) - 1})
        self.file(name).mkdir()
        for length in lengths:
            self.file(name).joinpath(f"cut-{length}.gguf").write_bytes(data[:length])

    def given_flipped_copies(self, origin, name):
        """Copies with one byte of the header, metadata or tensor directory inverted, drawn with a fixed seed."""
        data = self.file(origin).read_bytes()
        rng = random.Random(11)
        self.file(name).mkdir()
        directory_end = data.rfind(b"output.weight") + 64
        for position in sorted({*range(24), *(rng.randrange(directory_end) for _ in range(60))}):
            flipped = bytearray(data)
            flipped[position] ^= 0xFF
            self.file(name).joinpath(f"flip-{position}.gguf").write_bytes(flipped)

    def given_random_bytes(self, name, size):
        self.file(name).write_bytes(random.Random(5).randbytes(int(size)))

    def become_nobody(self):
        """Root may read and write everything, so runs that must meet a refusal are made as an ordinary user."""
        if os.geteuid() != 0:
            return
        self.as_nobody = True
        shutil.copyfile(self.rung, self.file("rung-for-nobody"))
        self.rung = self.file("rung-for-nobody")
        self.rung.chmod(0o755)
        for path in [self.folder, *self.folder.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o777 if path.is_dir() else path.stat().st_mode | 0o666)

    def given_unreadable(self, name):
        self.become_nobody()
        self.file(name).chmod(0)

    def given_read_only_folder(self, name):
        self.file(name).mkdir()
        self.become_nobody()
        self.file(name).chmod(0o555)

    def given_full_disk(self, name, size):
        path = self.file(name)
        path.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k,mode=777", "tmpfs", path],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise CannotTest(f"a small tmpfs cannot be mounted here: {done.stderr.strip()}")
        self.mounts.append(path)

    # run

    def run(self, text):
        words, _, pattern = text.partition(" for each ")
        if pattern:
            files = sorted(self.folder.glob(pattern.strip()))
            if not files:
                raise BadTest(f"no file is like {pattern}")
            self.outcomes = [self.run_once(words.replace("{}", str(file.relative_to(self.folder)))) for file in files]
        else:
            self.outcomes = [self.run_once(words)]

    def run_once(self, text):
        stopped = match(r'(.*), stopped once "(.*)"', text)
        text, interrupt = stopped or (text, None)
        arguments = shlex.split(text.replace("$SOURCE", str(self.source)))
        streams = {}
        for sign in ("<", ">"):
            if sign in arguments:
                place = arguments.index(sign)
                streams[sign] = arguments[place + 1]
                del arguments[place:place + 2]
        stdin = self.file(streams["<"]) if "<" in streams else None
        stdout = streams.get(">")
        if stdout and stdout != "/dev/full":
            stdout = self.file(stdout)
        return self.execute(arguments, stdin, stdout, interrupt)

    def execute(self, arguments, stdin, stdout, interrupt):
        def lose_rights():
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)

        command = [str(self.rung), *arguments]
        streams = {name: tempfile.TemporaryFile() for name in ("stdout", "stderr")}
        try:
            with open(stdin or os.devnull, "rb") as source:
                sink = open(stdout, "wb") if stdout else streams["stdout"]
                process = subprocess.Popen(command, cwd=self.folder, stdin=source, stdout=sink, stderr=streams["stderr"],
                                           env={**os.environ, "RUNG_RESULTS": str(self.file("results.sqlite"))},
                                           preexec_fn=lose_rights if self.as_nobody else None)
                if stdout:
                    sink.close()
                if interrupt:
                    self.interrupt_when(process, interrupt, streams)
                process.wait(timeout=TIME_LIMIT_SECONDS)
        except subprocess.TimeoutExpired as error:
            process.kill()
            process.wait()
            raise TestFailure(f"still running after {TIME_LIMIT_SECONDS} s: rung {shlex.join(arguments)}") from error
        outcome = Outcome("rung " + shlex.join(arguments), process.returncode,
                          self.text_of(streams["stdout"]), self.text_of(streams["stderr"]))
        self.refuse_crash(outcome)
        return outcome

    def interrupt_when(self, process, pattern, streams):
        """Presses Ctrl-C as soon as what the program wrote so far, or the name of a file it made, is like pattern."""
        deadline = time.monotonic() + TIME_LIMIT_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            names = [str(path.relative_to(self.folder)) for path in self.folder.rglob("*")]
            seen = "\n".join([*names, self.text_of(streams["stdout"]), self.text_of(streams["stderr"])])
            if re.search(pattern, seen):
                process.send_signal(signal.SIGINT)
                return
            time.sleep(0.02)
        raise TestFailure(f'the program ended, or took too long, before there was "{pattern}"')

    @staticmethod
    def text_of(stream):
        position = os.lseek(stream.fileno(), 0, os.SEEK_CUR)
        data = os.pread(stream.fileno(), 1 << 26, 0)
        os.lseek(stream.fileno(), position, os.SEEK_SET)
        return data.decode("utf-8", errors="backslashreplace")

    @staticmethod
    def refuse_crash(outcome):
        if outcome.status < 0:
            name = signal.Signals(-outcome.status).name
            raise TestFailure(f"the program died of {name}\n{outcome.describe()}")
        if re.search(r"Sanitizer|runtime error:|terminate called|Assertion .* failed", outcome.stderr):
            raise TestFailure(f"the program crashed\n{outcome.describe()}")

    # expect

    def expect(self, text):
        if not self.outcomes:
            raise BadTest("expect comes after run")
        for phrase in split_phrases(text):
            for outcome in self.outcomes:
                problem = self.problem_with(phrase, outcome)
                if problem:
                    raise TestFailure(f"expected {phrase}: {problem}\n{outcome.describe()}")

    def problem_with(self, phrase, outcome):
        """None where the expectation holds, else what was found instead."""
        for pattern, check in [
            (r"exit (\d+)", lambda o, status: None if o.status == int(status) else f"exit status {o.status}"),
            (r"exit (\d+) or (\d+)",
             lambda o, one, other: None if o.status in (int(one), int(other)) else f"exit status {o.status}"),
            (r'(stdout|stderr) ~ "(.*)"',
             lambda o, name, regex: None if re.search(regex, getattr(o, name), re.M) else "no such text"),
            (r'(stdout|stderr) !~ "(.*)"',
             lambda o, name, regex: "it is there" if re.search(regex, getattr(o, name), re.M) else None),
            (r"(stdout|stderr) is one line", self.check_one_line),
            (r"(stdout|stderr) is empty", lambda o, name: "it is not" if getattr(o, name).strip() else None),
            (r"stdout is JSON", lambda o: None if self.parse(o.stdout) is not None else "it is not"),
            (r"file (\S+)", lambda o, name: None if self.file(name).is_file() else "it does not exist"),
            (r"no file (\S+)", self.check_no_file),
            (r"nothing in (\S+)", self.check_empty_folder),
            (r"file (\S+) is (\d+) bytes", self.check_size),
            (r'file (\S+) ~ "(.*)"', self.check_file_text),
            (r"(\S+) and (\S+) have the same bytes", self.check_same_bytes),
            (r"(\S+) and (\S+) have different bytes",
             lambda o, one, other: None if self.check_same_bytes(o, one, other) else "they are the same"),
            (r"json (\S+) (\$\S*) exists", lambda o, name, path: self.check_json_exists(o, name, path, True)),
            (r"json (\S+) (\$\S*) is missing", lambda o, name, path: self.check_json_exists(o, name, path, False)),
            (r"json (\S+) (\$\S*) has (\d+) values", self.check_json_count),
            (r"json (\S+) (\$\S*) (==|!=|<=|>=|<|>|~) (\S.*?)(?: within (\S+) %)?", self.check_json),
        ]:
            groups = match(pattern, phrase)
            if groups is not None:
                return check(outcome, *groups)
        raise BadTest(f"unknown: expect {phrase}")

    @staticmethod
    def check_one_line(outcome, name):
        lines = getattr(outcome, name).strip("\n").split("\n")
        return None if len(lines) == 1 and lines[0] else f"{len(lines)} lines"

    def check_no_file(self, _, name):
        """Neither the file nor anything that looks like a piece of it."""
        path = self.file(name)
        left = [entry.name for entry in path.parent.glob(path.name + "*")] if path.parent.is_dir() else []
        return f"left behind: {', '.join(left)}" if left else None

    def check_empty_folder(self, _, name):
        left = [entry.name for entry in self.file(name).iterdir()]
        return f"left behind: {', '.join(left)}" if left else None

    def check_size(self, _, name, size):
        actual = self.file(name).stat().st_size if self.file(name).is_file() else None
        return None if actual == int(size) else f"{actual} bytes"

    def check_file_text(self, _, name, regex):
        if not self.file(name).is_file():
            return "it does not exist"
        text = self.file(name).read_text(encoding="utf-8", errors="backslashreplace")
        return None if re.search(regex, text, re.M) else "no such text"

    def check_same_bytes(self, _, one, other):
        contents = [self.file(name).read_bytes() if self.file(name).is_file() else None for name in (one, other)]
        if None in contents:
            return "one of them does not exist"
        return None if contents[0] == contents[1] else "they differ"

    @staticmethod
    def parse(text):
        try:
            return json.loads(text)
        except ValueError:
            return None

    def json_values(self, outcome, name, path):
        text = outcome.stdout if name == "stdout" else self.file(name).read_text(encoding="utf-8")
        document = self.parse(text)
        if document is None:
            raise TestFailure(f"{name} is not JSON\n{outcome.describe()}")
        return values_at(document, path)

    def check_json_exists(self, outcome, name, path, wanted):
        values = self.json_values(outcome, name, path)
        return None if bool(values) == wanted else f"found {json.dumps(values)}"

    def check_json_count(self, outcome, name, path, count):
        values = self.json_values(outcome, name, path)
        return None if len(values) == int(count) else f"{len(values)} values"

    def check_json(self, outcome, name, path, operator, expected, percent):
        """Every value at the path must compare; there must be at least one."""
        try:
            expected = json.loads(expected) if operator != "~" else expected.strip('"')
        except ValueError as error:
            raise BadTest(f"not a JSON value: {expected}") from error
        values = self.json_values(outcome, name, path)
        if percent is not None:
            tolerance = abs(expected) * float(percent) / 100
            fits = [isinstance(value, (int, float)) and abs(value - expected) <= tolerance for value in values]
        else:
            fits = [compare(value, operator, expected) for value in values]
        return None if values and all(fits) else f"found {json.dumps(values)[:500]}"

    def perform(self):
        lines = self.path.read_text(encoding="utf-8").splitlines()
        if not lines or not lines[0].startswith("# "):
            raise BadTest(f"{self.path.name} must begin with a comment that says what it proves")
        for number, line in enumerate(lines, 1):
            word, _, rest = line.strip().partition(" ")
            if not word or word.startswith("#"):
                continue
            try:
                if word not in ("given", "run", "expect"):
                    raise BadTest(f"a line begins with given, run or expect, not with {word}")
                getattr(self, word)(rest.strip())
            except (TestFailure, CannotTest, BadTest) as error:
                raise type(error)(f"{self.path.name}:{number}: {error}") from error

    def clean_up(self):
        for path in self.mounts:
            subprocess.run(["umount", path], check=False)
        for path in self.folder.rglob("*"):
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)


def enter_private_mounts(paths):
    """Small disks are mounted where nobody else sees them, and vanish with this process."""
    if "RUNG_E2E_PRIVATE" in os.environ or not any("given full disk" in " ".join(p.read_text().split()) for p in paths):
        return
    unshare = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-U", "-r", "-m"]
    if shutil.which("unshare") and subprocess.run([*unshare, "true"], capture_output=True).returncode == 0:
        os.environ["RUNG_E2E_PRIVATE"] = "1"
        os.execvp(unshare[0], [*unshare, sys.executable, *sys.argv])


def perform_file(path, options):
    with tempfile.TemporaryDirectory(prefix="rung-e2e-") as folder:
        test = Test(path, options.rung, options.source, Path(folder).resolve())
        try:
            test.perform()
        finally:
            test.clean_up()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rung", type=Path, required=True)
    parser.add_argument("--source", type=lambda text: Path(text).resolve(), required=True)
    parser.add_argument("files", type=Path, nargs="+")
    options = parser.parse_args()
    enter_private_mounts(options.files)
    status = 0
    for path in options.files:
        try:
            perform_file(path, options)
            print(f"passed  {path.name}")
        except CannotTest as reason:
            print(f"skipped {reason}")
            status = status or 77
        except (TestFailure, BadTest) as problem:
            print(f"FAILED  {problem}")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
