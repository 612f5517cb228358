import picocolors from "picocolors";

/** picocolors' set of colour functions; all of them return the text as it is when colour is off. */
export type Colors = ReturnType<typeof picocolors.createColors>;

/** Colour on a terminal, none in a pipe; `NO_COLOR` turns it off everywhere, `FORCE_COLOR` on. */
export function colorsFor(stream: { isTTY?: boolean }): Colors {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  const forced = FORCE_COLOR !== undefined && FORCE_COLOR !== "" && FORCE_COLOR !== "0";
  const wanted = forced || (stream.isTTY === true && TERM !== "dumb");
  return picocolors.createColors(wanted && !NO_COLOR);
}

/** One line that is rewritten while the user waits, on a terminal only. */
export interface ProgressLine {
  show(text: string): void;
  clear(): void;
}

const eraseLine = "\r\u001b[2K";

/** As much of a stream as the progress line needs. */
export type TerminalStream = Pick<NodeJS.WriteStream, "isTTY" | "columns"> & {
  write(text: string): unknown;
};

export function createProgressLine(stream: TerminalStream): ProgressLine {
  if (!stream.isTTY) return { show() {}, clear() {} };
  const { dim } = colorsFor(stream);
  let current = "";
  let shownAt = 0;
  let ticking: NodeJS.Timeout | undefined;

  const write = (): void => {
    const seconds = Math.floor((performance.now() - shownAt) / 1000);
    const text = seconds >= 1 ? `${current} (${seconds} s)` : current;
    stream.write(eraseLine + dim(text.slice(0, (stream.columns || 80) - 1)));
  };

  return {
    show(text) {
      current = text;
      shownAt = performance.now();
      write();
      ticking ??= setInterval(write, 1000).unref();
    },
    clear() {
      clearInterval(ticking);
      ticking = undefined;
      if (current !== "") stream.write(eraseLine);
      current = "";
    },
  };
}
