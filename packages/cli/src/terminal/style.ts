import type { Output } from "../io.ts";

export type Style = "bold" | "dim" | "green" | "red" | "yellow" | "cyan";

const CODES: Readonly<Record<Style, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  green: [32, 39],
  red: [31, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

/** Colours a text where the output can show it. */
export type Paint = (style: Style, text: string) => string;

export function painter(output: Pick<Output, "hasColour">): Paint {
  if (!output.hasColour) return (_style, text) => text;
  return (style, text) => (text === "" ? "" : `\u001b[${CODES[style][0]}m${text}\u001b[${CODES[style][1]}m`);
}

/** Text of foreign origin, such as an error or a name, without anything that would move the cursor or colour the rest. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "").replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
}

/** Cut to a width, with a sign that it was. */
export function fit(text: string, width: number): string {
  const letters = [...text];
  return letters.length <= width ? text : `${letters.slice(0, Math.max(0, width - 1)).join("")}…`;
}
