import { invalidOption } from "./invalid.ts";

/** What the runtime is told of a function: see `MarkedMeta` of `rote/compiled`. */
export interface MetaFields {
  readonly id: string;
  readonly name: string;
  readonly inferredName?: string | undefined;
  readonly isConfigurable?: boolean | undefined;
  /** An expression, written out already. */
  readonly fingerprint?: string | undefined;
  /** Options of the whole project, written out already. */
  readonly options?: string | undefined;
}

/** The fields as an expression on one line. */
export function writeMeta(given: MetaFields): string {
  const { id, name, inferredName, isConfigurable, fingerprint, options } = given;
  const fields = [`id: ${JSON.stringify(id)}`, `name: ${JSON.stringify(name)}`];
  if (inferredName !== undefined) fields.push(`inferredName: ${JSON.stringify(inferredName)}`);
  if (isConfigurable === true) fields.push("isConfigurable: true");
  if (fingerprint !== undefined) fields.push(`fingerprint: ${fingerprint}`);
  if (options !== undefined) fields.push(`options: ${options}`);
  return `{ ${fields.join(", ")} }`;
}

/** Options of the whole project as an expression. */
export function writeOptions(options: object | undefined): string | undefined {
  if (options === undefined) return undefined;
  const fields = Object.entries(options)
    .filter(([, value]) => value !== undefined)
    .map(([option, value]) => `${JSON.stringify(option)}: ${writeValue(option, value)}`);
  return fields.length === 0 ? undefined : `{ ${fields.join(", ")} }`;
}

function writeValue(option: string, value: unknown): string {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value === "string" || typeof value === "boolean") return JSON.stringify(value);
  if (Array.isArray(value))
    return `[${value.map((each: unknown) => writeValue(option, each)).join(", ")}]`;
  throw invalidOption(
    `${option} of defaults is written into the source of every marked function, so it must be a text, a number, true or false, or a list of these; received a ${typeof value}. Give it to single functions with configureMemoized(fn, options).`,
    option,
    value,
  );
}
