/** Compares a value with the text after `//=>`; see blocks.ts for what the text may say. */
import { expect } from "vitest";

function evaluate(text: string): unknown {
  try {
    return new Function(`return (${text});`)();
  } catch (cause) {
    throw new Error(`what follows //=> is no expression: ${text}`, { cause });
  }
}

export async function expectValue(run: () => unknown, expected: string): Promise<void> {
  const failure = /^throws\s+(.+)$/.exec(expected)?.[1];
  if (failure !== undefined) {
    await expect((async () => run())()).rejects.toSatisfy(
      (error) => describeError(error).includes(failure),
      `throws ${failure}`,
    );
    return;
  }

  const actual = await run();
  const open = /,?\s*(?:…|\.\.\.)\s*([}\]])$/.exec(expected);
  if (open === null) {
    expect(actual).toStrictEqual(evaluate(expected));
  } else if (open[1] === "}") {
    expect(actual).toMatchObject(evaluate(`${expected.slice(0, open.index)} }`) as object);
  } else {
    const beginning = evaluate(`${expected.slice(0, open.index)} ]`) as unknown[];
    expect(Array.from(actual as Iterable<unknown>).slice(0, beginning.length)).toEqual(beginning);
  }
}

function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.name} ${String((error as { code?: unknown }).code)} ${error.message}`;
}
