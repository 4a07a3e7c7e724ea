#!/usr/bin/env python3
"""Copies llama.cpp's codec vectors into testdata/gguf-vectors, with hashes in place of the decoded floats.

usage: import_gguf_vectors.py /path/to/shared/gguf/vectors testdata/gguf-vectors

The source manifest.json lists, per type and input, the stored bytes and the floats that llama.cpp reads back from them.
The floats would take 1.5 MB, so only their XXH3 128-bit hash is kept, in the notation of base/hash.h. Needs libxxhash.
"""
import ctypes
import ctypes.util
import json
import shutil
import sys
from pathlib import Path


class Hash128(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


def load_hash():
    library = ctypes.CDLL(ctypes.util.find_library("xxhash"))
    library.XXH3_128bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    library.XXH3_128bits.restype = Hash128
    return library.XXH3_128bits


def content_hash(xxh3, data):
    value = xxh3(data, len(data))
    return f"{value.high:016x}{value.low:016x}"


def main():
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    xxh3 = load_hash()
    manifest = json.loads((source / "manifest.json").read_text())
    rows = []
    for vector in manifest["vectors"]:
        shutil.copyfile(source / vector["stored"], target / vector["stored"])
        rows.append({
            "type": vector["type"].lower(),
            "input": vector["input"],
            "imatrix": vector["imatrix"],
            "file": vector["stored"],
            "rel_error": vector["rel_error"],
            "decoded_xxh3": content_hash(xxh3, (source / vector["decoded"]).read_bytes()),
        })
    for name in [manifest["imatrix"], *manifest["inputs"].values()]:
        shutil.copyfile(source / name, target / name)
    head = json.dumps({"rows": manifest["rows"], "cols": manifest["cols"]})[1:-1]
    body = ",\n".join("  " + json.dumps(row) for row in rows)
    (target / "manifest.json").write_text(f'{{{head}, "vectors": [\n{body}\n]}}\n')


main()
