/**
 * Cuts a stream of text into lines.
 *
 * @param onLine called with each line, without its end
 * @returns takes the next piece; `undefined` is the end, and lets go of a last line that has none
 */
export function lineCutter(onLine: (line: string) => void): (text: string | undefined) => void {
  let rest = "";
  return (text) => {
    const lines = `${rest}${text ?? ""}`.split(/\r?\n/);
    rest = lines.pop() ?? "";
    if (rest !== "" && (text === undefined || rest.length > LONGEST_LINE)) {
      lines.push(rest);
      rest = "";
    }
    for (const line of lines) onLine(line);
  };
}

/** A program that writes without ever ending a line must not fill our memory. */
const LONGEST_LINE = 65_536;
