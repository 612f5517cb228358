import type { Platform } from "./platform.ts";

/** Of the cell that says what the thread is to do. */
const RESTING = 0;
const BEATING = 1;
const STOPPED = 2;
/** After how many beats without anything to do the thread sleeps until it is woken. */
const LINGERING = 20;

/**
 * What the thread does. A text, because a file of its own would be lost when a program is bundled.
 * What it fails at, it tries again: others see no beat, which is the truth.
 *
 * It looks at the first cell once per beat rather than being woken for every claim, most of which are
 * given back sooner than that; the second cell says that it sleeps.
 */
const SOURCE = `
const { workerData: { path, holder, cells, every } } = require("node:worker_threads");
const { DatabaseSync } = require("node:sqlite");
let connection, beat;
const close = () => {
  try { connection?.close(); } catch {}
  connection = undefined;
};
for (let idle = 0; ;) {
  const now = Atomics.load(cells, 0);
  if (now === ${STOPPED}) break;
  if (now === ${BEATING}) {
    idle = 0;
    try {
      if (connection === undefined) {
        connection = new DatabaseSync(path);
        connection.exec("PRAGMA busy_timeout = 1000; PRAGMA synchronous = NORMAL");
        beat = connection.prepare("UPDATE holders SET beat = beat + 1 WHERE id = ?");
      }
      beat.run(holder);
    } catch {
      close();
    }
  }
  // Whether it is still the same is looked at in any case after the time, and at once for the end.
  if (++idle < ${LINGERING}) {
    Atomics.wait(cells, 2, 0, every);
    continue;
  }
  Atomics.store(cells, 1, 1);
  Atomics.wait(cells, 0, ${RESTING}, Infinity);
  Atomics.store(cells, 1, 0);
  idle = 0;
}
close();
`;

/**
 * The heartbeat of a holder: a thread that counts up in the holder's row for as long as it has leases.
 * A thread, because a run may keep the event loop busy for as long as it takes.
 */
export class Heartbeat {
  /** What the thread is to do, whether it sleeps, and whether it is to end. */
  readonly #cells = new Int32Array(new SharedArrayBuffer(12));
  #isStarted = false;

  /** Begins, or goes on. The first time, a thread is started, which keeps no process alive. */
  beat(platform: Platform, path: string, holder: number, every: number): void {
    if (!this.#isStarted) {
      const data = { path, holder, cells: this.#cells, every };
      const thread = platform.startThread(SOURCE, data);
      this.#isStarted = true;
      // It is missed soon enough; an error that nobody listens to would end the process.
      thread.on("error", () => {
        this.#isStarted = false;
      });
      thread.unref();
    }
    Atomics.store(this.#cells, 0, BEATING);
    if (Atomics.load(this.#cells, 1) === 1) Atomics.notify(this.#cells, 0);
  }

  rest(): void {
    Atomics.store(this.#cells, 0, RESTING);
  }

  /** For good. */
  stop(): void {
    Atomics.store(this.#cells, 0, STOPPED);
    Atomics.notify(this.#cells, 0);
    Atomics.store(this.#cells, 2, 1);
    Atomics.notify(this.#cells, 2);
  }
}
