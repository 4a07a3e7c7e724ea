"""Writes small GGUF files, sound ones and every kind of broken one, for the end-to-end tests.

Written from the GGUF specification (ggml/docs/gguf.md), version 3: magic, version, tensor count, metadata count,
metadata, tensor records, padding, tensor data. All integers are little-endian. Knows nothing of Rung, on purpose.
"""
import random
import re
import struct

U8, U32, I32, F32, BOOL, STRING, ARRAY, U64 = 0, 4, 5, 6, 7, 8, 9, 10
GGML_F32, GGML_BF16 = 0, 30
ALIGNMENT = 32

PACK = {U8: "<B", U32: "<I", I32: "<i", F32: "<f", BOOL: "<?", U64: "<Q"}


class FaultError(Exception):
    """A test asks for a fault that does not exist."""


class Array:
    def __init__(self, element, values, announced_length=None):
        self.element, self.values = element, values
        self.announced_length = len(values) if announced_length is None else announced_length


class Tensor:
    def __init__(self, name, shape, ggml_type, data):
        self.name, self.shape, self.ggml_type, self.data = name, shape, ggml_type, data
        self.offset = None  # None: where the data really is


class Gguf:
    """The parts of a file, to be damaged before they are written."""

    def __init__(self):
        self.magic, self.version = b"GGUF", 3
        self.metadata = {}  # key -> (value type, value), in file order
        self.tensors = []
        self.tensor_count = self.metadata_count = None  # None: the truth
        self.first_key_length = None

    def tensor(self, name):
        for tensor in self.tensors:
            if tensor.name == name:
                return tensor
        raise FaultError(f"the model has no tensor {name}")

    def to_bytes(self):
        tensor_count = len(self.tensors) if self.tensor_count is None else self.tensor_count
        metadata_count = len(self.metadata) if self.metadata_count is None else self.metadata_count
        head = bytearray(self.magic + struct.pack("<IQQ", self.version, tensor_count, metadata_count))
        for position, (key, (kind, value)) in enumerate(self.metadata.items()):
            encoded = key.encode()
            length = self.first_key_length if position == 0 and self.first_key_length is not None else len(encoded)
            head += struct.pack("<Q", length) + encoded + struct.pack("<I", kind) + pack_value(kind, value)
        body = bytearray()
        for tensor in self.tensors:
            body += bytes(-len(body) % ALIGNMENT)
            offset = len(body) if tensor.offset is None else tensor.offset
            head += pack_string(tensor.name) + struct.pack("<I", len(tensor.shape))
            head += struct.pack(f"<{len(tensor.shape)}Q", *tensor.shape)
            head += struct.pack("<IQ", tensor.ggml_type, offset)
            body += tensor.data
        head += bytes(-len(head) % ALIGNMENT)
        return bytes(head + body)


def pack_string(text):
    encoded = text if isinstance(text, bytes) else text.encode()
    return struct.pack("<Q", len(encoded)) + encoded


def pack_value(kind, value):
    if kind == STRING:
        return pack_string(value)
    if kind == ARRAY and isinstance(value, bytes):
        return value  # packed already
    if kind == ARRAY:
        head = struct.pack("<IQ", value.element, value.announced_length)
        return head + b"".join(pack_value(value.element, item) for item in value.values)
    if kind not in PACK:
        return struct.pack("<I", value)
    return struct.pack(PACK[kind], value)


def random_bf16(rng, count):
    """Weights of either sign with magnitudes in [1/128, 1/32): exponents 120 and 121, random mantissas."""
    data = bytearray(rng.randbytes(2 * count))
    data[1::2] = data[1::2].translate(bytes(0x3C | (byte & 0x80) for byte in range(256)))
    return bytes(data)


def vocabulary():
    """SentencePiece pieces with byte fallback: 3 special, 256 bytes, then a few dozen pieces with falling scores."""
    pieces = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    kinds = [2, 3, 3] + [6] * 256
    letters = ["\u2581"] + [chr(code) for code in range(ord("a"), ord("z") + 1)] + list(".,!?0123456789")
    words = ["\u2581t", "\u2581th", "\u2581the", "he", "in", "er", "an", "on", "re", "\u2581a", "\u2581o", "ou", "nd"]
    pieces += words + letters
    kinds += [1] * (len(pieces) - len(kinds))
    scores = [0.0] * 259 + [-float(rank) for rank in range(len(pieces) - 259)]
    return pieces, kinds, scores


def tiny_llama(layers=2, width=256, heads=4, kv_heads=2, ffn=512, seed=1):
    """A llama model with random weights that runs; rows are multiples of 256, so every format applies."""
    rng = random.Random(seed)
    pieces, kinds, scores = vocabulary()
    gguf = Gguf()
    gguf.metadata = {
        "general.architecture": (STRING, "llama"),
        "general.name": (STRING, "tiny llama with random weights"),
        "llama.block_count": (U32, layers),
        "llama.context_length": (U32, 512),
        "llama.embedding_length": (U32, width),
        "llama.feed_forward_length": (U32, ffn),
        "llama.attention.head_count": (U32, heads),
        "llama.attention.head_count_kv": (U32, kv_heads),
        "llama.attention.layer_norm_rms_epsilon": (F32, 1e-5),
        "llama.rope.dimension_count": (U32, width // heads),
        "llama.rope.freq_base": (F32, 10000.0),
        "llama.vocab_size": (U32, len(pieces)),
        "tokenizer.ggml.model": (STRING, "llama"),
        "tokenizer.ggml.tokens": (ARRAY, Array(STRING, pieces)),
        "tokenizer.ggml.scores": (ARRAY, Array(F32, scores)),
        "tokenizer.ggml.token_type": (ARRAY, Array(I32, kinds)),
        "tokenizer.ggml.bos_token_id": (U32, 1),
        "tokenizer.ggml.eos_token_id": (U32, 2),
        "tokenizer.ggml.unknown_token_id": (U32, 0),
        "tokenizer.ggml.add_bos_token": (BOOL, True),
        "tokenizer.chat_template": (STRING, "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
                                            "{% if add_generation_prompt %}assistant: {% endif %}"),
    }

    def matrix(name, columns, rows):
        gguf.tensors.append(Tensor(name, [columns, rows], GGML_BF16, random_bf16(rng, columns * rows)))

    def norm(name):
        gguf.tensors.append(Tensor(name, [width], GGML_F32, struct.pack("<f", 1.0) * width))

    kv_width = width // heads * kv_heads
    matrix("token_embd.weight", width, len(pieces))
    for layer in range(layers):
        block = f"blk.{layer}."
        norm(block + "attn_norm.weight")
        matrix(block + "attn_q.weight", width, width)
        matrix(block + "attn_k.weight", width, kv_width)
        matrix(block + "attn_v.weight", width, kv_width)
        matrix(block + "attn_output.weight", width, width)
        norm(block + "ffn_norm.weight")
        matrix(block + "ffn_gate.weight", width, ffn)
        matrix(block + "ffn_up.weight", width, ffn)
        matrix(block + "ffn_down.weight", ffn, width)
    norm("output_norm.weight")
    matrix("output.weight", width, len(pieces))
    return gguf


def number(text):
    """"4096" or "2^60"."""
    base, _, power = text.partition("^")
    return int(base) ** int(power) if power else int(base)


def shape_of(text):
    return [number(part) for part in text.split("x")]


def set_key(gguf, key, text):
    kind, old = gguf.metadata.get(key, (STRING if not re.fullmatch(r"[\d^]+", text) else U32, None))
    value = text.strip('"') if kind == STRING else text == "true" if kind == BOOL else number(text)
    gguf.metadata[key] = (kind, float(value) if kind == F32 else value)


def set_architecture(gguf, name):
    """Renames the architecture in every key, as a file of a family we do not know would have it."""
    renamed = {}
    for key, (kind, value) in gguf.metadata.items():
        renamed[re.sub(r"^llama\.", name + ".", key)] = (kind, name if key == "general.architecture" else value)
    gguf.metadata = renamed


def reshape(gguf, name, text):
    """Another shape, with data to match: the file is sound, the model is not."""
    tensor = gguf.tensor(name)
    tensor.shape = shape_of(text)
    values = 1
    for size in tensor.shape:
        values *= size
    tensor.ggml_type, tensor.data = GGML_BF16, random_bf16(random.Random(7), values)


def claim_shape(gguf, name, text):
    gguf.tensor(name).shape = shape_of(text)


def claim_dimensions(gguf, name, text):
    gguf.tensor(name).shape = [1] * number(text)


def set_type(gguf, name, text):
    gguf.tensor(name).ggml_type = number(text)


def set_offset(gguf, name, text):
    gguf.tensor(name).offset = number(text)


def put_not_a_number(gguf, name):
    tensor = gguf.tensor(name)
    tensor.data = tensor.data[:20] + b"\xc0\x7f" + tensor.data[22:]  # BF16 quiet NaN


def remove_tensor(gguf, name):
    gguf.tensors.remove(gguf.tensor(name))


def repeat_tensor(gguf, name):
    gguf.tensors.append(gguf.tensor(name))


def announce_array(gguf, key, text):
    gguf.metadata[key][1].announced_length = number(text)


def nest_array(gguf, text):
    outer = struct.pack("<IQ", ARRAY, 1) * number(text)
    gguf.metadata["test.nested"] = (ARRAY, outer + pack_value(ARRAY, Array(U8, [1])))


# What a test may write after the name of the file, and what it does. TENSOR and KEY stand for names without spaces.
FAULTS = [
    (r"magic (\w{4})", lambda g, text: setattr(g, "magic", text.encode())),
    (r"version (\d+)", lambda g, text: setattr(g, "version", int(text))),
    (r"tensor count (\S+)", lambda g, text: setattr(g, "tensor_count", number(text))),
    (r"metadata count (\S+)", lambda g, text: setattr(g, "metadata_count", number(text))),
    (r"first key length (\S+)", lambda g, text: setattr(g, "first_key_length", number(text))),
    (r"array (\S+) length (\S+)", announce_array),
    (r"arrays nested (\d+) deep", nest_array),
    (r"key (\S+) of value type (\d+)", lambda g, key, kind: g.metadata.update({key: (int(kind), 0)})),
    (r"without key (\S+)", lambda g, key: g.metadata.pop(key)),
    (r"key (\S+) = (.+)", set_key),
    (r"architecture (\w+)", set_architecture),
    (r"without tensor (\S+)", remove_tensor),
    (r"tensor (\S+) twice", repeat_tensor),
    (r"tensor (\S+) reshaped to (\S+)", reshape),
    (r"tensor (\S+) claims shape (\S+)", claim_shape),
    (r"tensor (\S+) with (\d+) dimensions", claim_dimensions),
    (r"tensor (\S+) of type (\d+)", set_type),
    (r"tensor (\S+) at offset (\S+)", set_offset),
    (r"tensor (\S+) with a NaN", put_not_a_number),
]


def damage(gguf, fault):
    for pattern, change in FAULTS:
        found = re.fullmatch(pattern, fault)
        if found:
            change(gguf, *found.groups())
            return
    raise FaultError(f"unknown fault: {fault}")


def make(phrases):
    """The bytes of a tiny llama: each phrase is one of FAULTS, "cut to N bytes", "cut in half", or "width N"."""
    sizes, faults, cut = {}, [], None
    for phrase in phrases:
        width = re.fullmatch(r"width (\d+)", phrase)
        ending = re.fullmatch(r"cut to (\d+) bytes|cut in half", phrase)
        if width:
            sizes["width"] = int(width.group(1))
        elif ending:
            cut = ending
        else:
            faults.append(phrase)
    gguf = tiny_llama(**sizes)
    for fault in faults:
        damage(gguf, fault)
    data = gguf.to_bytes()
    if cut:
        return data[:int(cut.group(1))] if cut.group(1) else data[:len(data) // 2]
    return data
