import { RoteError } from "../errors.ts";

/** A part of a value, and how to get there from the whole. */
export class Place {
  readonly value: unknown;
  readonly parent: Place | null;
  /** Of the root what it is called, of a property its name, else a number from 0. */
  readonly step: string | number;
  /** What the number counts. */
  readonly of: "element" | "key" | "value" | "item";
  readonly depth: number;

  constructor(
    value: unknown,
    parent: Place | null,
    step: string | number,
    of: "element" | "key" | "value" | "item" = "element",
  ) {
    this.value = value;
    this.parent = parent;
    this.step = step;
    this.of = of;
    this.depth = parent === null ? 1 : parent.depth + 1;
  }
}

const PLAIN_DATA =
  "Return plain data, or say how to store it with options.encode and options.decode.";

/** The error for a part of a value that cannot be stored; `what` is the rest of the sentence. */
export function refusal(place: Place, what: string, remedy: string = PLAIN_DATA): RoteError {
  return new RoteError("ERR_NOT_STORABLE", `${describePath(place)} ${what}. ${remedy}`);
}

/** `result.rows[3].owner`. Names that are no identifiers may be data, so those are not shown. */
function describePath(place: Place): string {
  const steps: string[] = [];
  let root = place;
  for (; root.parent !== null; root = root.parent) steps.unshift(describeStep(root));
  const shown = steps.length > 12 ? [...steps.slice(0, 6), "…", ...steps.slice(-5)] : steps;
  return `${root.step}${shown.join("")}`;
}

function describeStep({ step, of }: Place): string {
  if (typeof step === "number") return of === "element" ? `[${step}]` : `[${of} ${step}]`;
  if (/^(?:0|[1-9]\d*)$/.test(step)) return `[${step}]`;
  if (/^[\p{ID_Start}$_][\p{ID_Continue}$]{0,39}$/u.test(step)) return `.${step}`;
  return `[a property of ${step.length} characters]`;
}
