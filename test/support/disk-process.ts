import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import type { Beats } from "../../packages/rote/src/disk/leases.ts";
import type {
  AsyncStore,
  Claim,
  StoreAddress,
  StoreListing,
} from "../../packages/rote/src/tier/store.ts";

const script = fileURLToPath(new URL("disk-child.ts", import.meta.url));

/** Short enough to wait for, and long enough for a machine that is busy. */
export const quick: Beats = { every: 50, limit: 1000 };

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** A disk store in a process of its own. */
export class DiskProcess implements AsyncStore {
  readonly isAsync = true;
  readonly child: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #lastId = 0;
  #isClosed = false;

  private constructor(child: ChildProcess) {
    this.child = child;
    child.on("message", (answer: Answer) => this.#waiting.get(answer.id)?.(answer));
  }

  static async start(directory: string, { every, limit }: Beats = quick): Promise<DiskProcess> {
    const child = fork(script, [directory, String(every), String(limit)], {
      serialization: "advanced",
      execArgv: [],
      stdio: ["ignore", "pipe", "inherit", "ipc"],
    });
    const started = new DiskProcess(child);
    await once(child, "message");
    return started;
  }

  async call(method: string, ...args: unknown[]): Promise<unknown> {
    const id = ++this.#lastId;
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    this.child.send({ id, method, args });
    const { result, error } = await answered;
    if (error !== undefined) throw new Error(error);
    return result;
  }

  /** Ends it as nothing else does: it can do nothing about it. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await exited;
  }

  read(address: StoreAddress): Promise<Uint8Array | undefined> {
    return this.call("read", address) as Promise<Uint8Array | undefined>;
  }
  write(...args: Parameters<AsyncStore["write"]>): Promise<boolean> {
    return this.call("write", ...args) as Promise<boolean>;
  }
  async discard(address: StoreAddress, bytes: Uint8Array): Promise<void> {
    await this.call("discard", address, bytes);
  }
  remove(address: StoreAddress): Promise<boolean> {
    return this.call("remove", address) as Promise<boolean>;
  }
  async clear(namespace: string): Promise<void> {
    await this.call("clear", namespace);
  }
  invalidateTag(tag: string): Promise<number> {
    return this.call("invalidateTag", tag) as Promise<number>;
  }
  revision(): Promise<number> {
    return this.call("revision") as Promise<number>;
  }
  claim(address: StoreAddress): Promise<Claim | undefined> {
    return this.call("claim", address) as Promise<Claim | undefined>;
  }
  async release(address: StoreAddress, fence: number): Promise<void> {
    await this.call("release", address, fence);
  }
  async *list(namespace?: string): AsyncGenerator<StoreListing> {
    yield* (await this.call("list", namespace)) as StoreListing[];
  }
  async flush(): Promise<void> {
    await this.call("flush");
  }
  async close(): Promise<void> {
    if (this.#isClosed) return;
    await this.call("close");
    // For one case more: a closed store refuses to work.
    this.#isClosed = true;
  }
}
