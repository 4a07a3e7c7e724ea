// GGUF version 3 without tensors: enough to carry a vocabulary.
const types = { u32: 4, i32: 5, string: 8, array: 9 };

function u32Bytes(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
function u64Bytes(value) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
function stringBytes(text) {
  const bytes = Buffer.from(text, "utf8");
  return Buffer.concat([u64Bytes(bytes.length), bytes]);
}
function arrayBytes(type, elements) {
  return Buffer.concat([u32Bytes(type), u64Bytes(elements.length), ...elements]);
}

/** Values of metadata entries. */
export const value = {
  u32: (number) => ({ type: types.u32, bytes: u32Bytes(number) }),
  string: (text) => ({ type: types.string, bytes: stringBytes(text) }),
  strings: (texts) => ({ type: types.array, bytes: arrayBytes(types.string, texts.map(stringBytes)) }),
  i32s: (values) => ({ type: types.array, bytes: arrayBytes(types.i32, values.map(u32Bytes)) }),
};

export function ggufBytes(entries) {
  const head = [Buffer.from("GGUF"), u32Bytes(3), u64Bytes(0), u64Bytes(entries.length)];
  const body = entries.flatMap(([key, { type, bytes }]) => [stringBytes(key), u32Bytes(type), bytes]);
  return Buffer.concat([...head, ...body]);
}
