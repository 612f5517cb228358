/** Starts one worker and reads its one line of JSON. A process that takes too long is its own result. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

const LIMIT_MS = 20_000;
const worker = fileURLToPath(new URL("../worker.mjs", import.meta.url));

export const runProcess = (rowId, contender, mode) => runWorker(worker, [rowId, contender, mode]);

/** The same for another script, under another Node if need be. */
export function runWorker(script, args, { program = process.execPath, limit = LIMIT_MS } = {}) {
  const env = { ...process.env, NODE_ENV: "production" };
  delete env.ROTE; // neither belongs in a measurement
  delete env.NODE_OPTIONS;
  const all = ["--expose-gc", script, ...args];
  return new Promise((resolve) => {
    execFile(program, all, { env, timeout: limit }, (error, stdout, stderr) => {
      if (error?.killed) resolve({ failure: `takes more than ${limit / 1000} s` });
      else if (error) resolve({ failure: `crashes: ${firstLine(stderr) || error.message}` });
      else resolve(JSON.parse(stdout));
    });
  });
}

const firstLine = (text) => text.split("\n").find((line) => /error|fatal/i.test(line)) ?? "";
