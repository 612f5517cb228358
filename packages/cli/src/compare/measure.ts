/** Starts the process of one run, waits for its answer, and stops it when it takes too long. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { basename, extname } from "node:path";
import { fileURLToPath } from "node:url";
import { Failure } from "../failure.ts";
import type { Answer, Job, Message, Way } from "./protocol.ts";

export type Ended =
  | Answer
  /** Took longer than the timeout allows. */
  | { readonly type: "stopped" }
  /** Ended before it had an answer: out of memory, `process.exit()`, killed from outside. */
  | { readonly type: "died"; readonly how: string; readonly outOfMemory: boolean };

/** A module is given this long to load, however short the timeout of its calls. */
const shortestLoadMs = 10_000;

const unfinished =
  "A module to compare must not exit, nor wait at its top level for something that never comes.";

/** Enough of the last words of a process to tell why it ended. */
const keptStderr = 8_000;

const childFile = fileURLToPath(new URL(`child${extname(import.meta.url)}`, import.meta.url));

export async function measure(job: Job, timeoutMs: number): Promise<Ended> {
  const child = fork(childFile, {
    env: environmentFor(job.way, job.purpose),
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const closed = once(child, "close");
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-keptStderr);
  });
  let timer: NodeJS.Timeout | undefined;
  const onInterrupt = (): void => void child.kill("SIGKILL");
  process.once("exit", onInterrupt);

  try {
    return await new Promise<Ended>((resolve, reject) => {
      const stopAfter = (ms: number, end: () => void): void => {
        clearTimeout(timer);
        timer = setTimeout(end, ms);
      };
      stopAfter(Math.max(timeoutMs, shortestLoadMs), () => {
        reject(new Failure(`${job.file} has not finished loading`, `Does it await something?`));
      });
      let isLoaded = false;
      child.on("message", (message: Message) => {
        isLoaded ||= message.type === "loaded";
        if (message.type === "loaded") stopAfter(timeoutMs, () => resolve({ type: "stopped" }));
        else if (message.type === "refused") reject(new Failure(message.message, message.hint));
        else resolve(message);
      });
      child.on("error", reject);
      // After "close", and not "exit", everything it wrote has arrived.
      child.on("close", (code, signal) => {
        const ended = died(code, signal, stderr);
        if (isLoaded || ended.outOfMemory) resolve(ended);
        else
          reject(
            new Failure(`${basename(job.file)} ${ended.how} while it was loading`, unfinished),
          );
      });
      child.send(job);
    });
  } finally {
    clearTimeout(timer);
    process.off("exit", onInterrupt);
    child.kill("SIGKILL");
    // The next run must not share the processors with this one's end.
    await closed;
  }
}

function environmentFor(way: Way, purpose: Job["purpose"]): NodeJS.ProcessEnv {
  const { ROTE: _inherited, ...env } = process.env;
  if (way !== "plain") return env;
  return { ...env, ROTE: purpose === "count" ? "off" : "bare" };
}

function died(
  code: number | null,
  signal: NodeJS.Signals | null,
  stderr: string,
): Extract<Ended, { type: "died" }> {
  const outOfMemory = /heap out of memory|ERR_WORKER_OUT_OF_MEMORY/.test(stderr);
  const how = outOfMemory
    ? "ran out of memory"
    : signal === null
      ? `ended its process with exit code ${code}`
      : `was ended by ${signal}`;
  return { type: "died", how, outOfMemory };
}
