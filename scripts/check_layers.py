#!/usr/bin/env python3
"""Checks the rules about the shape of the code that a compiler does not: run by ctest as `layers`.

1. A folder of src/ includes only folders below it (LAYERS, lowest first; folders of one line do not see each other).
2. Heavy headers, slow to compile, stand in .cc files only.
3. No hand-written file is longer than 700 lines, and sources are ASCII.
4. A type is defined once: two of one name in one namespace, in headers no file includes together, link into a program
   that calls the functions of either (the One Definition Rule).

Usage: check_layers.py [ROOT]    Prints one line for each fault; exit status 1 if there is any.
"""
import re
import sys
from pathlib import Path

LAYERS = [
    ["base"], ["codec"], ["kernels"], ["io", "text"], ["model", "grammar"], ["engine"], ["recipe"],
    ["quantize", "measure", "ledger"], ["calibrate", "panel", "tasks", "plan"], ["ladder"], ["budget"], ["report"],
    ["apps"],
]
HEAVY_HEADERS = {"nlohmann/json.hpp", "CLI/CLI.hpp", "toml++/toml.h", "SQLiteCpp/SQLiteCpp.h", "SQLiteCpp/Database.h"}
MAX_LINES = 700
SOURCE_SUFFIXES = {".cc", ".h", ".inc", ".cmake", ".py", ".sh", ".js", ".mjs", ".ts", ".tsx", ".css"}
CODE_SUFFIXES = {".cc", ".h", ".inc"}
SKIPPED_FOLDERS = {"node_modules", "dist", "__pycache__"}
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')

NAMESPACE = re.compile(r"^namespace ([\w:]+) \{")
TYPE = re.compile(r"^(?:struct|enum class|class|enum) (?:\[\[\w+\]\] )?(\w+)\b(?:[^;]*\{|[^;]*$)")

LEVEL = {folder: level for level, folders in enumerate(LAYERS) for folder in folders}


def module_of(path):
    """The layer a file of src/ or apps/ belongs to: "io" for src/io/gguf.cc, "apps" for everything under apps/."""
    return "apps" if path.parts[0] == "apps" else path.parts[1]


def may_include(module, other):
    return module == other or LEVEL[other] < LEVEL[module]


def include_faults(path, number, line):
    found = INCLUDE.match(line)
    if not found:
        return
    quoted, system = found.groups()
    header = quoted or system
    if header in HEAVY_HEADERS and path.suffix != ".cc":
        yield f"{path}:{number}: {header} is slow to compile: include it in .cc files only"
    if not quoted or module_of(path) not in LEVEL:
        return
    folder = header.split("/")[0] if "/" in header else None
    if folder is None and module_of(path) != "apps":
        yield f'{path}:{number}: write "{module_of(path)}/{header}", the path from src/'
    elif folder in LEVEL and not may_include(module_of(path), folder):
        yield f"{path}:{number}: {module_of(path)} may not include {folder}, which is not below it"


def file_faults(root, path):
    try:
        lines = (root / path).read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        yield f"{path}: is not UTF-8"
        return
    if len(lines) > MAX_LINES:
        yield f"{path}: {len(lines)} lines, {MAX_LINES} allowed: split it by subject"
    for number, line in enumerate(lines, 1):
        if path.suffix in CODE_SUFFIXES:
            if not line.isascii():
                yield f"{path}:{number}: not ASCII (write \\u escapes in strings)"
            if path.parts[0] in ("src", "apps"):
                yield from include_faults(path, number, line)


def types_of(root, path):
    """The types that a header defines in namespaces, with the line."""
    namespace = ""
    for number, line in enumerate((root / path).read_text(encoding="utf-8").splitlines(), 1):
        if found := NAMESPACE.match(line):
            namespace = found[1]
        elif found := TYPE.match(line):
            yield f"{namespace}::{found[1]}", f"{path}:{number}"


def type_faults(root, files):
    places = {}
    for path in files:
        if path.suffix == ".h" and path.parts[0] in ("src", "apps"):
            for name, place in types_of(root, path):
                if name in places:
                    yield f"{place}: {name} is defined at {places[name]} too: rename one"
                places.setdefault(name, place)


def unknown_folders(root):
    for folder in sorted((root / "src").iterdir()):
        if folder.is_dir() and folder.name not in LEVEL:
            yield f"src/{folder.name}: not in LAYERS of scripts/check_layers.py"


def source_files(root):
    for top in ("src", "apps", "tests", "bench", "scripts", "cmake", "web"):
        for path in sorted((root / top).rglob("*")):
            relative = path.relative_to(root)
            if path.suffix in SOURCE_SUFFIXES and path.is_file() and not SKIPPED_FOLDERS & set(relative.parts):
                yield relative


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent)
    faults = list(unknown_folders(root))
    files = list(source_files(root))
    for path in files:
        faults += file_faults(root, path)
    faults += type_faults(root, files)
    print("\n".join(faults) if faults else f"{len(files)} files follow the rules")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
