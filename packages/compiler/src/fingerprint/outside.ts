import type { FindingCode } from "./finding.ts";

/**
 * What functions read that no source tells. Paths of globals, and of the modules of Node, whose exports
 * are reached as `crypto.randomUUID` or by name.
 */
const unseen: Readonly<Record<string, FindingCode>> = {
  eval: "ROTE_UNSEEN_CODE",
  "node:vm": "ROTE_UNSEEN_CODE",
  "Date.now": "ROTE_UNSEEN_CLOCK",
  "performance.now": "ROTE_UNSEEN_CLOCK",
  "performance.timeOrigin": "ROTE_UNSEEN_CLOCK",
  "process.hrtime": "ROTE_UNSEEN_CLOCK",
  "process.uptime": "ROTE_UNSEEN_CLOCK",
  "Temporal.Now": "ROTE_UNSEEN_CLOCK",
  "node:perf_hooks.performance.now": "ROTE_UNSEEN_CLOCK",
  "node:perf_hooks.performance.timeOrigin": "ROTE_UNSEEN_CLOCK",
  "node:process.hrtime": "ROTE_UNSEEN_CLOCK",
  "node:process.uptime": "ROTE_UNSEEN_CLOCK",
  "Math.random": "ROTE_UNSEEN_RANDOM",
  "crypto.randomUUID": "ROTE_UNSEEN_RANDOM",
  "crypto.getRandomValues": "ROTE_UNSEEN_RANDOM",
  "node:crypto.getRandomValues": "ROTE_UNSEEN_RANDOM",
  "node:crypto.randomBytes": "ROTE_UNSEEN_RANDOM",
  "node:crypto.randomFill": "ROTE_UNSEEN_RANDOM",
  "node:crypto.randomFillSync": "ROTE_UNSEEN_RANDOM",
  "node:crypto.randomInt": "ROTE_UNSEEN_RANDOM",
  "node:crypto.randomUUID": "ROTE_UNSEEN_RANDOM",
  "node:crypto.webcrypto": "ROTE_UNSEEN_RANDOM",
  "process.env": "ROTE_UNSEEN_ENV",
  "node:process.env": "ROTE_UNSEEN_ENV",
  "import.meta.env": "ROTE_UNSEEN_ENV",
  "import.meta.url": "ROTE_UNSEEN_LOCATION",
  "import.meta.dirname": "ROTE_UNSEEN_LOCATION",
  "import.meta.filename": "ROTE_UNSEEN_LOCATION",
  "import.meta.resolve": "ROTE_UNSEEN_LOCATION",
  __dirname: "ROTE_UNSEEN_LOCATION",
  __filename: "ROTE_UNSEEN_LOCATION",
  "process.cwd": "ROTE_UNSEEN_LOCATION",
  "process.argv": "ROTE_UNSEEN_ENV",
  "node:process.cwd": "ROTE_UNSEEN_LOCATION",
  "node:process.argv": "ROTE_UNSEEN_ENV",
  "process.binding": "ROTE_UNSEEN_NATIVE",
  "process.dlopen": "ROTE_UNSEEN_NATIVE",
  "node:ffi": "ROTE_UNSEEN_NATIVE",
  "node:wasi": "ROTE_UNSEEN_NATIVE",
  WebAssembly: "ROTE_UNSEEN_NATIVE",
  "node:module.createRequire": "ROTE_UNSEEN_IMPORT",
};

const realms = new Set(["globalThis", "window", "self", "global"]);

/** What of the world outside of the program a path leads to: not unseen, since it is a result that may be stored. */
const io = new Set(
  `console fetch XMLHttpRequest WebSocket EventSource BroadcastChannel localStorage sessionStorage indexedDB caches
  document navigator location history alert confirm prompt postMessage Worker SharedWorker Deno Bun
  setTimeout setInterval setImmediate requestAnimationFrame requestIdleCallback scheduler
  process.stdin process.stdout process.stderr process.exit process.abort process.kill process.chdir process.send
  process.on process.once process.emit process.emitWarning process.exitCode process.umask
  node:child_process node:cluster node:console node:dgram node:dns node:dns/promises node:fs node:fs/promises
  node:http node:http2 node:https node:inspector node:net node:readline node:readline/promises node:repl
  node:sqlite node:timers node:timers/promises node:tls node:tty node:worker_threads
  node:process.stdin node:process.stdout node:process.stderr node:process.exit node:process.kill node:process.chdir
  node:process.send node:process.emitWarning`.split(/\s+/),
);

/** Of those, what neither reads nor writes anything. */
const quiet = new Set([
  "node:fs.constants",
  "node:http.STATUS_CODES",
  "node:http.METHODS",
  "node:net.isIP",
  "node:net.isIPv4",
  "node:net.isIPv6",
  "node:timers.clearTimeout",
]);

/** Whether a path that begins at a global or a module of Node leads out of the program. */
export function isOutput(path: readonly string[]): boolean {
  const steps = stepsOf(path);
  const two = steps.slice(0, 2).join(".");
  return !quiet.has(two) && (io.has(two) || io.has(steps[0] ?? ""));
}

function stepsOf(path: readonly string[]): string[] {
  return path.filter(
    (step, index) =>
      !(index === 0 && realms.has(step) && path.length > 1) &&
      !(index === 1 && step === "default" && path[0]?.startsWith("node:") === true),
  );
}

/** Something unseen that a path leads to; for an environment, the name of the variable, if it is written out. */
export interface Outside {
  readonly code: FindingCode;
  readonly variable?: string | undefined;
}

/** What a path that begins at a global, `import.meta` or a module of Node leads to, if it is unseen. */
export function outsideAt(path: readonly string[]): Outside | undefined {
  const steps = stepsOf(path);
  for (let length = Math.min(steps.length, 3); length > 0; length--) {
    const code = unseen[steps.slice(0, length).join(".")];
    if (code === undefined) continue;
    return code === "ROTE_UNSEEN_ENV" ? { code, variable: steps[length] } : { code };
  }
  const [first = ""] = steps;
  if (first.startsWith("node:") || first === "import" || standard.has(first)) return undefined;
  return { code: "ROTE_UNSEEN_GLOBAL" };
}

/** Globals that are the same wherever the language or the web platform is, and those of modules of CommonJS. */
const standard = new Set(
  `AggregateError Array ArrayBuffer AsyncDisposableStack Atomics BigInt BigInt64Array BigUint64Array
  Boolean DataView Date DisposableStack Error EvalError FinalizationRegistry Float16Array Float32Array
  Float64Array Function Infinity Int16Array Int32Array Int8Array Intl Iterator JSON Map Math NaN Number
  Object Promise Proxy RangeError ReferenceError Reflect RegExp Set SharedArrayBuffer String
  SuppressedError Symbol SyntaxError Temporal TypeError URIError Uint16Array Uint32Array Uint8Array
  Uint8ClampedArray WeakMap WeakRef WeakSet arguments decodeURI decodeURIComponent encodeURI
  encodeURIComponent escape eval globalThis isFinite isNaN parseFloat parseInt undefined unescape
  AbortController AbortSignal Blob BroadcastChannel Buffer ByteLengthQueuingStrategy CompressionStream
  CountQueuingStrategy Crypto CryptoKey CustomEvent DOMException DecompressionStream Event EventTarget
  File FormData Headers MessageChannel MessageEvent MessagePort Performance ReadableStream Request
  Response SubtleCrypto TextDecoder TextDecoderStream TextEncoder TextEncoderStream TransformStream URL
  URLPattern URLSearchParams WebSocket WritableStream atob btoa clearImmediate clearInterval
  clearTimeout console crypto fetch global performance process queueMicrotask self setImmediate
  setInterval setTimeout structuredClone window
  exports module require`.split(/\s+/),
);
