/** Up to this many bytes a loop here is quicker than the way into native code and back. */
const shortLength = 12;
/** One array for each short length, to hand the characters over in. */
const charCodes = Array.from({ length: shortLength + 1 }, (_, length) =>
  Array.from({ length }, () => 0),
);

/** The UTF-8 text of `buffer[start, end)`; what is not valid becomes U+FFFD. */
export function readText(buffer: Buffer, start: number, end: number): string {
  const length = end - start;
  if (length > shortLength) return buffer.utf8Slice(start, end);
  const codes = charCodes[length] as number[];
  let union = 0;
  for (let index = 0; index < length; index += 1) {
    const code = buffer[start + index] as number;
    codes[index] = code;
    union |= code;
  }
  return union < 0x80 ? String.fromCharCode(...codes) : buffer.utf8Slice(start, end);
}

/**
 * Writes text as UTF-8 from `at` on and gives the number of bytes, at most three for each UTF-16 unit
 * of the text. The caller sees to it that there is room; half a surrogate pair becomes U+FFFD.
 */
export function writeText(buffer: Buffer, text: string, at: number): number {
  const { length } = text;
  if (length > shortLength) return buffer.utf8Write(text, at, buffer.length - at);
  for (let index = 0; index < length; index += 1) {
    const code = text.charCodeAt(index);
    if (code >= 0x80) return buffer.utf8Write(text, at, buffer.length - at);
    buffer[at + index] = code;
  }
  return length;
}
