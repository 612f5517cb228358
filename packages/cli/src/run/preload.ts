/** Is loaded before the program of `rote run`. */
import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { isMainThread } from "node:worker_threads";
import { installHooks } from "@rote/compiler/hooks";
import { colorsFor } from "../terminal.ts";
import { type Rote, showStats } from "./stats.ts";

installHooks({ fallback: import.meta.url });

// Forked processes and workers are given the same options, and are not what was asked about.
const isProgram = isMainThread && process.channel === undefined;
if (isProgram && new URL(import.meta.url).searchParams.has("stats")) {
  process.on("exit", () => {
    process.stderr.write(
      showStats(roteOf(process.argv[1] as string).snapshot(), colorsFor(process.stderr)),
    );
  });
}

/** The program's own copy of rote; if it has none, the one that the hooks have brought. */
function roteOf(program: string): Rote {
  try {
    return createRequire(realpathSync(program))("rote") as Rote;
  } catch {
    return createRequire(import.meta.url)("rote") as Rote;
  }
}
