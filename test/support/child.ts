import { spawnSync } from "node:child_process";

const library = new URL("../../packages/rote/src/index.ts", import.meta.url).href;

export interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs an ES module, in which everything "rote" exports is in scope as `rote`, in a process of its own. */
export function runModule(
  source: string,
  environment: Record<string, string> = {},
  flags: readonly string[] = [],
): Ended {
  const { NODE_ENV: _, ROTE: __, ...inherited } = process.env;
  const child = spawnSync(
    process.execPath,
    [
      ...flags,
      "--input-type=module",
      "-e",
      `import * as rote from ${JSON.stringify(library)};\n${source}`,
    ],
    { encoding: "utf8", env: { ...inherited, ...environment }, timeout: 60_000 },
  );
  return { status: child.status, out: child.stdout.trim(), err: child.stderr.trim() };
}
