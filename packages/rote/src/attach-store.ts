import { toMilliseconds } from "./duration.ts";
import type { Whole } from "./cache/whole.ts";
import { type Revision, revisionOf } from "./cache/meta.ts";
import { tagsOf, ttlOf } from "./entry-rules.ts";
import { RoteError } from "./errors.ts";
import { sourceOf } from "./memoized.ts";
import type { MemoizeOptions } from "./options.ts";
import { outside } from "./run/stack.ts";
import { noteStore } from "./store-option.ts";
import { storing } from "./storing.ts";
import { sha256 } from "./tier/digest.ts";
import type { SyncStore } from "./tier/store.ts";
import type { Lifetime } from "./tier/rules.ts";
import { Tier } from "./tier/tier.ts";

/** Puts a store below the memory of a function. */
export function attachStore(whole: Whole, options: MemoizeOptions): void {
  const { store, encode, decode, clock } = options;
  const name = storedName(whole, options);
  rejectUnstorable(whole, options);
  const revision = options.version === undefined ? revisionOf(whole.meta) : undefined;
  const tier = new Tier({
    store: store as SyncStore,
    name,
    namespace: `${name}/${fingerprintOf(whole, options, revision)}`,
    revision,
    wait: toMilliseconds(options.wait ?? "1m"),
    lookEvery: options.revalidate === "always" ? 0 : toMilliseconds(options.revalidate ?? "1s"),
    encode,
    decode,
    now: clock === undefined ? Date.now : () => outside(clock),
    whileRevalidate: toMilliseconds(options.staleWhileRevalidate ?? 0),
    ifError: toMilliseconds(options.staleIfError ?? 0),
    life: lifetimeOf(whole, options),
    events: {
      missed: (args, reason) => whole.listeners?.emit({ type: "storeMiss", args, reason }),
      failed: (args, error) => whole.listeners?.emit({ type: "storeError", args, error }),
    },
  });
  noteStore(store as SyncStore);
  whole.lower = tier;
  whole.runner = storing(whole, whole.runner, tier);
}

/** A name that is not only that of another function's results, too, where a compiler knows one. */
function storedName(whole: Whole, { name }: MemoizeOptions): string {
  return name ?? whole.meta?.id ?? whole.name;
}

function rejectUnstorable(whole: Whole, options: MemoizeOptions): void {
  const { store, scope } = options;
  const refuse = (message: string): never => {
    throw new RoteError("ERR_INVALID_OPTION", message, { option: "store", value: store });
  };
  if (store?.isAsync === true)
    refuse(
      `store of "${whole.name}" is asynchronous, and so far only synchronous ones can be used. Use disk() of "rote/disk".`,
    );
  if (scope === "request")
    refuse(
      'store keeps results beyond the process, and scope: "request" ends them with the request. Leave out one of them.',
    );
  if (storedName(whole, options) === "anonymous")
    refuse(
      "A function without a name cannot be stored: nothing would say whose its results are. Give it one with the option name.",
    );
}

/**
 * What separates the results of this revision of the function from those of others: the version that it
 * is given, what a compiler knows of all that it reaches, or its text.
 */
function fingerprintOf(
  whole: Whole,
  options: MemoizeOptions,
  revision: Revision | undefined,
): string {
  const { version, dependsOn = [], env = [] } = options;
  if (revision !== undefined) rejectUnseen(whole, options, revision);
  rejectSeveral(whole, options, revision);
  if (version !== undefined) return `v:${version}`;
  const parts = dependsOn.map((each) =>
    typeof each === "function" ? sourceOf(each) : `${typeof each} ${each}`,
  );
  const values = environment();
  const variables = env.toSorted().map((each) => `${each}=${JSON.stringify(values[each])}`);
  const texts = [revision?.digest ?? sourceOf(whole.original), ...parts, ...variables];
  return `t:${sha256(texts.map((text) => `${text.length} ${text}`).join("\n"))}`;
}

/** Results that depend on what nobody sees would be found when they are wrong. */
function rejectUnseen(
  whole: Whole,
  { dependsOn, env = [], store }: MemoizeOptions,
  { unseen = [] }: Revision,
): void {
  // Who says what it depends on has looked.
  if (dependsOn !== undefined) return;
  const left = unseen.filter(([, variable]) => variable === undefined || !env.includes(variable));
  const [first] = left;
  if (first === undefined) return;
  const others =
    left.length === 1 ? "" : ` There are ${left.length - 1} more: rote explain lists them.`;
  throw new RoteError(
    "ERR_INVALID_OPTION",
    `"${whole.name}" reads what its stored results would not be told apart by. ${first[0]}${others} If its results are right all the same, give version, or dependsOn: [].`,
    { option: "store", value: store },
  );
}

/** The ids of functions that have no name around them, or not one of their own. */
const isCounted = /#anonymous$|~\d+$/;

/** Where an id may be that of several functions, which differ in more than separates their results. */
function rejectSeveral(
  whole: Whole,
  { name, version, dependsOn = [], store }: MemoizeOptions,
  revision: Revision | undefined,
): void {
  if (name !== undefined || whole.meta === undefined) return;
  const { id, isOneOfMany = false } = whole.meta;
  const isTold =
    version === undefined
      ? !isOneOfMany || (revision !== undefined && (dependsOn.length > 0 || !capturesAny(revision)))
      : // Its text does not tell it from another one either, which an edit of the file gives this id.
        !isOneOfMany && !isCounted.test(id);
  if (isTold) return;
  throw new RoteError(
    "ERR_INVALID_OPTION",
    `"${id}" may be more than one function, and each would be given the results of the others. Give it the option name, another one for each.`,
    { option: "store", value: store },
  );
}

function capturesAny({ unseen = [] }: Revision): boolean {
  return unseen.some(([text]) => text.includes("ROTE_UNSEEN_CAPTURE"));
}

function environment(): Readonly<Record<string, string | undefined>> {
  const { process } = globalThis as {
    process?: { env?: Readonly<Record<string, string | undefined>> };
  };
  return process?.env ?? {};
}

function lifetimeOf(whole: Whole, options: MemoizeOptions): Lifetime {
  const ttl = ttlOf(whole, options);
  return {
    ttlOf: (receiver, value, args) => (typeof ttl === "number" ? ttl : ttl(receiver, value, args)),
    errorTtl: toMilliseconds(options.rememberErrors ?? 0),
    tagsOf: tagsOf(whole, options) ?? (() => []),
  };
}
