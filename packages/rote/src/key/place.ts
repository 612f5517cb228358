import type { Unstorable } from "./canonical.ts";
import { layoutOf } from "./layout.ts";
import { propertiesAt } from "./outline.ts";
import { ARRAY, KEYED, LOOSE_ARRAY, SYMBOLS } from "./kind.ts";
import { KeySet } from "./shape.ts";
import type { Mark } from "./token.ts";

/** Where something stands in a call. */
export interface Place {
  /** Which element of the key it is in. */
  readonly element: number;
  /** Where in that, as one would write it, `"options.user"`; empty for the element itself. */
  readonly path: string;
}

/** Of a longer way, so many steps are shown at each end. */
const SHOWN = 4;

/** Where a refused token stands. Only for what is refused, so it may take its time. */
export function placeOf({ key, position, outline }: Unstorable): Place {
  const { tokens, count } = key;
  const steps: string[] = [];
  let at = position;
  while (at >= count) {
    const object = outline.objectAt(at);
    const step = stepTo(tokens, outline.starts[object] as number, at);
    if (step !== "") steps.push(step);
    at = outline.metAt[object] as number;
  }
  steps.reverse();
  if (steps.length > 2 * SHOWN) steps.splice(SHOWN, steps.length - 2 * SHOWN, "…");
  return { element: at, path: steps.join("").replace(/^\./, "") };
}

/** How one gets from the object whose tokens begin at `start` to what stands at `at`; empty for the object itself. */
function stepTo(tokens: readonly unknown[], start: number, at: number): string {
  const token = tokens[start];
  if (at === start) return "";
  if (token instanceof KeySet || token === SYMBOLS) return stepToProperty(tokens, start, at);
  if (token === ARRAY) return `[${at - start - 2}]`;
  if (token === LOOSE_ARRAY) return stepToProperty(tokens, start + 2, at);
  if (token === KEYED) return at === start + 1 ? "" : "[keySymbol]()";
  const part = at - start - 2;
  const end = start + 2 + (tokens[start + 1] as number);
  if (at >= end) return stepToProperty(tokens, end, at);
  const layout = layoutOf(token as Mark);
  if (layout?.rest === "elements") return `.values()[${part - 1}]`;
  if (layout?.rest === "pairs")
    return `.${part % 2 === 1 ? "keys" : "values"}()[${(part - 1) >> 1}]`;
  return layout?.name === "RegExp" ? ".lastIndex" : ".valueOf()";
}

function stepToProperty(tokens: readonly unknown[], start: number, at: number): string {
  const { keySet, values, symbols } = propertiesAt(tokens, start);
  if (at >= symbols) return "[symbol]";
  const name = keySet.keys[at - values] ?? "";
  if (/^\d+$/.test(name)) return `[${name}]`;
  // Other names may be anything: objects are used as dictionaries, and messages end up in logs.
  return /^[A-Za-z_$][\w$]{0,39}$/.test(name) ? `.${name}` : "[…]";
}
