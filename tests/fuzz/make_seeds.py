#!/usr/bin/env python3
"""make_seeds.py FOLDER: small GGUF files for the fuzzers to begin with, sound and almost sound."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
import gguf_maker  # noqa: E402

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for name, fault in [("sound", None), ("nested", "arrays nested 3 deep"), ("aligned", "key general.alignment = 64"),
                    ("split", "key split.count = 2"), ("type", "tensor output.weight of type 777")]:
    gguf = gguf_maker.tiny_llama(layers=1, width=32, heads=2, kv_heads=1, ffn=32)
    if fault:
        gguf_maker.damage(gguf, fault)
    for key in [key for key in gguf.metadata if key.startswith("tokenizer.")]:
        del gguf.metadata[key]
    folder.joinpath(name).write_bytes(gguf.to_bytes())
