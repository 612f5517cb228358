interface Platform {
  process?: {
    env?: Record<string, string | undefined>;
    emitWarning?: (message: string, options: { type: string; code: string }) => void;
  };
  console?: { warn(message: string): void };
}

/** An environment variable, where there is an environment. */
export function environment(name: string): string | undefined {
  try {
    return (globalThis as Platform).process?.env?.[name];
  } catch {
    return undefined;
  }
}

/** Development means that `NODE_ENV` is not `production`. */
export function isDevelopment(): boolean {
  return environment("NODE_ENV") !== "production";
}

const warned = new Set<string>();

/** Warns once per code, in development only. */
export function warnOnce(code: string, message: string): void {
  if (warned.has(code) || !isDevelopment()) return;
  warned.add(code);
  const { process, console } = globalThis as Platform;
  if (process?.emitWarning !== undefined)
    process.emitWarning(message, { type: "RoteWarning", code });
  else console?.warn(`RoteWarning [${code}]: ${message}`);
}
