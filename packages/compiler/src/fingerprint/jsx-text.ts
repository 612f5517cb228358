/** What is left of a text in JSX: the space around line breaks is for the reader of the source. */
export function jsxText(raw: string): string {
  const lines = raw.split(/\r\n|\n|\r/);
  return lines
    .map((line, index) => {
      const from = index === 0 ? line : line.replace(/^[\t ]+/, "");
      return index === lines.length - 1 ? from : from.replace(/[\t ]+$/, "");
    })
    .filter((line) => line !== "")
    .join(" ");
}
