/** A character takes three bytes at most, or four for the two units of a pair. */
const BYTES_PER_UNIT = 3;
/** Head of a part: its message's number, its own and how many there are. */
const HEAD = /^(\d+):(\d+)\/(\d+) /;
export const HEAD_BYTES = 40;

/**
 * Cuts a text that is too long for one message of the bus.
 *
 * @param number of the text among those of its sender
 * @returns messages of at most `maxBytes` each, to be sent in this order
 */
export function cut(text: string, number: number, maxBytes: number): string[] {
  const room = maxBytes - HEAD_BYTES;
  if (Buffer.byteLength(text) <= room) return [`${number}:1/1 ${text}`];
  const pieces: string[] = [];
  for (let at = 0; at < text.length; ) {
    let end = Math.min(at + Math.floor(room / BYTES_PER_UNIT), text.length);
    if (end < text.length && isFirstOfPair(text.charCodeAt(end - 1))) end--;
    pieces.push(text.slice(at, end));
    at = end;
  }
  return pieces.map((piece, index) => `${number}:${index + 1}/${pieces.length} ${piece}`);
}

/**
 * Puts the texts of one sender together again. Its messages come in order; when one of them is lost the text is too. It keeps
 * one unfinished text at most.
 */
export class Joiner {
  #number = -1;
  #pieces: string[] = [];

  /** @returns the text, with its last piece */
  add(message: string): string | undefined {
    const head = HEAD.exec(message);
    if (!head) return undefined;
    const [number, index, count] = head.slice(1).map(Number) as [number, number, number];
    if (index === 1) this.#pieces = [];
    else if (number !== this.#number || index !== this.#pieces.length + 1) return undefined;
    this.#number = number;
    this.#pieces.push(message.slice(head[0].length));
    if (index < count) return undefined;
    return this.#pieces.splice(0).join("");
  }
}

function isFirstOfPair(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}
