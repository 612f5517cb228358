import { expect, test } from "vitest";
import { Sketch } from "./sketch.ts";

function filled(entries: number, seed: number): Sketch {
  const sketch = new Sketch(() => seed);
  sketch.makeRoom(entries);
  return sketch;
}

test("an estimate is never below the number of uses, up to fifteen", () => {
  const sketch = filled(1000, 0.3);
  for (let key = 0; key < 500; key++) {
    for (let use = 0; use < key % 16; use++) sketch.add(key);
  }
  for (let key = 0; key < 500; key++) {
    expect(sketch.estimate(key)).toBeGreaterThanOrEqual(key % 16);
  }
});

test("of keys never used, few seem to have been", () => {
  const sketch = filled(1000, 0.7);
  for (let key = 0; key < 1000; key++) sketch.add(key);
  let wrong = 0;
  for (let key = 1000; key < 11_000; key++) if (sketch.estimate(key) > 0) wrong++;
  expect(wrong / 10_000).toBeLessThan(0.02);
});

test("after ten additions for each entry, all counters are halved", () => {
  const sketch = filled(64, 0.1);
  for (let i = 0; i < 8; i++) sketch.add(7);
  for (let i = 0; i < 640 - 9; i++) sketch.add(1000 + i);
  expect(sketch.estimate(7)).toBeGreaterThanOrEqual(8);
  const before = sketch.estimate(7);
  for (let i = 0; i < 50 && sketch.estimate(7) === before; i++) sketch.add(5000 + i);
  expect(sketch.estimate(7)).toBeLessThan(before);
});

test("growing keeps what is known", () => {
  const sketch = filled(8, 0.9);
  for (let i = 0; i < 5; i++) sketch.add(42);
  sketch.makeRoom(4096);
  expect(sketch.estimate(42)).toBeGreaterThanOrEqual(5);
});

test("which keys share counters depends on the seed", () => {
  const sharing = [0.2, 0.6].map((seed) => {
    const sketch = filled(8, seed);
    for (let key = 10_000; key < 10_060; key++) sketch.add(key);
    return Array.from({ length: 2000 }, (_, key) => sketch.estimate(key + 2)).join("");
  });
  expect(sharing[0]).not.toBe(sharing[1]);
});
