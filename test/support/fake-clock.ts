/** A clock that stands still until it is moved: its `read` is the option `clock`. */
export interface FakeClock {
  now: number;
  readonly read: () => number;
  /** Moves it, back if `milliseconds` is negative. */
  advance(milliseconds: number): void;
}

export function fakeClock(start = 1_700_000_000_000): FakeClock {
  const clock: FakeClock = {
    now: start,
    read: () => clock.now,
    advance(milliseconds) {
      clock.now += milliseconds;
    },
  };
  return clock;
}
