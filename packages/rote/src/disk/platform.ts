import { RoteError } from "../errors.ts";
import { schedule } from "../run/schedule.ts";
import { builtinModule } from "../tier/builtin.ts";

export type Value = null | number | string | Uint8Array;

/** What rote needs of `node:sqlite`. */
export interface Statement {
  get(...values: Value[]): Record<string, Value> | undefined;
  /** Rows as arrays from now on, which costs less; Node has it from 22.16 on. */
  setReturnArrays?(areArrays: boolean): void;
  all(...values: Value[]): Record<string, Value>[];
  run(...values: Value[]): { changes: number | bigint };
}

export interface Connection {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

export interface Status {
  readonly dev: bigint;
  readonly ino: bigint;
  isFile(): boolean;
}

export interface Files {
  accessSync(path: string, mode: number): void;
  closeSync(file: number): void;
  existsSync(path: string): boolean;
  mkdirSync(path: string, mode: number): void;
  openSync(path: string, flags: string, mode: number): number;
  readdirSync(path: string): string[];
  renameSync(from: string, to: string): void;
  statSync(path: string, options: { throwIfNoEntry: false; bigint: true }): Status | undefined;
  unlinkSync(path: string): void;
  writeFileSync(path: string, text: string, options: { flag: string }): void;
}

export interface Paths {
  basename(path: string): string;
  dirname(path: string): string;
  join(...parts: string[]): string;
  resolve(path: string): string;
}

export interface Thread {
  on(event: "error", listener: (error: unknown) => void): unknown;
  unref(): void;
}

/** What a disk store is made of, so that tests can put something in its place. */
export interface Platform {
  readonly connect: (path: string) => Connection;
  readonly files: Files;
  readonly paths: Paths;
  readonly homedir: () => string;
  /** As Node calls the system: `"linux"`, `"darwin"`, `"win32"`, … */
  readonly system: string;
  readonly environment: { readonly [name: string]: string | undefined };
  readonly startThread: (source: string, data: unknown) => Thread;
  /** Milliseconds that never go back. */
  readonly now: () => number;
  /** Calls back after so many milliseconds; what is returned calls that off. */
  readonly schedule: (callback: () => void, milliseconds: number) => () => void;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  readonly random: () => number;
}

interface Node {
  process: {
    platform: string;
    env: { readonly [name: string]: string | undefined };
    version: string;
  };
  performance: { now(): number };
}

/**
 * Node, found late, so that `rote/disk` can be imported where there is none.
 *
 * @throws {RoteError} `ERR_UNSUPPORTED` where there is no `node:sqlite`.
 */
export function nodePlatform(): Platform {
  const sqlite = builtinModule<{ DatabaseSync: new (path: string) => Connection }>("node:sqlite");
  const { process, performance } = globalThis as unknown as Partial<Node>;
  if (sqlite === undefined || process === undefined || performance === undefined) {
    throw new RoteError(
      "ERR_UNSUPPORTED",
      `disk needs node:sqlite, which Node has from 22.13 on; this is ${process?.version === undefined ? "no Node" : `Node ${process.version.slice(1)}`}. Use a newer Node, or leave out the store to keep results in memory.`,
    );
  }
  const threads = module<{
    Worker: new (source: string, options: { eval: true; workerData: unknown }) => Thread;
  }>("node:worker_threads");
  return {
    connect: (path) => new sqlite.DatabaseSync(path),
    files: module<Files>("node:fs"),
    paths: module<Paths>("node:path"),
    homedir: module<{ homedir(): string }>("node:os").homedir,
    system: process.platform,
    environment: process.env,
    startThread: (source, data) => new threads.Worker(source, { eval: true, workerData: data }),
    now: () => performance.now(),
    schedule,
    clock: () => Date.now(),
    random: () => Math.random(),
  };
}

/** Whoever has SQLite has these. */
function module<Module>(name: string): Module {
  return builtinModule<Module>(name) as Module;
}
