import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createProgressLine } from "./terminal.ts";

function createStream(isTTY: boolean) {
  const stream = {
    isTTY,
    columns: 20,
    written: [] as string[],
    write: (text: string) => stream.written.push(text),
  };
  return stream;
}

beforeEach(() => {
  vi.stubEnv("NO_COLOR", "1");
  vi.useFakeTimers({ toFake: ["performance", "setInterval", "clearInterval"] });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

test("a pipe gets no progress line", () => {
  const stream = createStream(false);
  const progress = createProgressLine(stream);
  progress.show("plain: run 1 of 5");
  progress.clear();
  expect(stream.written).toEqual([]);
});

test("a terminal gets one that replaces itself, and nothing is left of it", () => {
  const stream = createStream(true);
  const progress = createProgressLine(stream);
  progress.show("run 1");
  progress.show("run 2");
  progress.clear();
  const erase = "\r\u001b[2K";
  expect(stream.written).toEqual([`${erase}run 1`, `${erase}run 2`, erase]);
});

test("a slow step says how long it has taken, on one line, until it ends", () => {
  const stream = createStream(true);
  const progress = createProgressLine(stream);
  progress.show("run 1");
  vi.advanceTimersByTime(2000);
  expect(stream.written.at(-1)).toContain("run 1 (2 s)");
  progress.show("a step with a name too long for this terminal");
  expect(stream.written.at(-1)).toBe("\r\u001b[2Ka step with a name ");
  progress.clear();
  const { length } = stream.written;
  vi.advanceTimersByTime(5000);
  expect(stream.written).toHaveLength(length);
});
