import type { Platform } from "./platform.ts";

/** Of the cell that the thread looks at. */
const RESTING = 0;
const BEATING = 1;
const STOPPED = 2;

/**
 * What the thread does. A text, because a file of its own would be lost when a program is bundled.
 * What it fails at, it tries again: others see no beat, which is the truth.
 */
const SOURCE = `
const { workerData: { path, holder, cell, every } } = require("node:worker_threads");
const { DatabaseSync } = require("node:sqlite");
let connection, beat;
const close = () => {
  try { connection?.close(); } catch {}
  connection = undefined;
};
for (;;) {
  const now = Atomics.load(cell, 0);
  if (now === ${STOPPED}) break;
  if (now === ${BEATING}) {
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
  Atomics.wait(cell, 0, now, now === ${BEATING} ? every : Infinity);
}
close();
`;

/**
 * The heartbeat of a holder: a thread that counts up in the holder's row for as long as it has leases.
 * A thread, because a run may keep the event loop busy for as long as it takes.
 */
export class Heartbeat {
  readonly #cell = new Int32Array(new SharedArrayBuffer(4));
  #isStarted = false;

  /** Begins, or goes on. The first time, a thread is started, which keeps no process alive. */
  beat(platform: Platform, path: string, holder: number, every: number): void {
    if (!this.#isStarted) {
      const data = { path, holder, cell: this.#cell, every };
      const thread = platform.startThread(SOURCE, data);
      this.#isStarted = true;
      // It is missed soon enough; an error that nobody listens to would end the process.
      thread.on("error", () => {
        this.#isStarted = false;
      });
      thread.unref();
    }
    this.#set(BEATING);
  }

  rest(): void {
    this.#set(RESTING);
  }

  /** For good. */
  stop(): void {
    this.#set(STOPPED);
  }

  #set(state: number): void {
    Atomics.store(this.#cell, 0, state);
    Atomics.notify(this.#cell, 0);
  }
}
