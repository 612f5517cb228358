import type { EntryRules, StaleRules } from "./cache/rules.ts";
import type { Patience, Whole } from "./cache/whole.ts";
import { Lru } from "./cache/policy/lru.ts";
import type { Bound, PolicyHooks, Policy } from "./cache/policy/policy.ts";
import { S3Fifo } from "./cache/policy/s3-fifo.ts";
import { WTinyLfu } from "./cache/policy/w-tinylfu.ts";
import { DURATION_RULE, toMilliseconds } from "./duration.ts";
import { RoteError } from "./errors.ts";
import { type MemoizeOptions, show } from "./options.ts";
import { schedule } from "./run/schedule.ts";
import { outside } from "./run/stack.ts";

/** What the options say about entries; `undefined` if nothing, so that results can be kept as they are. */
export function entryRules(whole: Whole, options: MemoizeOptions): EntryRules | undefined {
  const { maxEntries, maxWeight, weigh, ttl, touch = false } = options;
  const errorTtl = toMilliseconds(options.rememberErrors ?? 0);
  const hasBound = maxEntries !== undefined || maxWeight !== undefined;
  const hasTtl = ttl !== undefined && (typeof ttl === "function" || toMilliseconds(ttl) < Infinity);
  const tags = tagsOf(whole, options);
  const isAsked = whole.lower !== null || tags !== undefined;
  if (!hasBound && !hasTtl && !(errorTtl > 0) && !isAsked) return undefined;
  const stale = hasTtl ? staleRules(options) : undefined;
  const seesErrors = errorTtl > 0 || (stale !== undefined && stale.ifError > 0);
  whole.seesErrors = seesErrors;
  // What catches errors may catch what is not meant for it: as if the function itself did.
  if (stale !== undefined && stale.ifError > 0) whole.isCareful = true;
  if (hasBound || hasTtl) whole.growthAt = Infinity;
  const rules: EntryRules = {
    bound: { maxEntries: maxEntries ?? Infinity, maxWeight: maxWeight ?? Infinity },
    weigh,
    ttl: ttlOf(whole, options),
    expires: hasTtl || errorTtl > 0 || isAsked,
    tags,
    touch,
    errorTtl,
    stale,
    seesErrors,
  };
  return hasBound
    ? { ...rules, policy: (hooks) => policyOf(whole, options, rules.bound, hooks) }
    : rules;
}

/** What a result may be invalidated by; `undefined` for nothing. */
export function tagsOf(whole: Whole, { tags }: MemoizeOptions): EntryRules["tags"] {
  if (tags === undefined) return undefined;
  if (typeof tags !== "function") return () => tags;
  return (receiver, value, args) => {
    const given: unknown = outside(() =>
      Reflect.apply(tags, receiver as never, [value, ...args] as never),
    );
    if (Array.isArray(given) && given.every((tag) => typeof tag === "string")) return given;
    throw new RoteError(
      "ERR_INVALID_RESULT",
      `tags of "${whole.name}" must return a list of texts; it returned ${show(given)}. The result was not kept: return [] for a result without tags.`,
      { option: "tags", value: given },
    );
  };
}

/** How long to leave a function alone that has failed, if nothing is said about it. */
const PAUSE = 1000;

function staleRules(options: MemoizeOptions): StaleRules | undefined {
  const whileRevalidate = toMilliseconds(options.staleWhileRevalidate ?? 0);
  const ifError = toMilliseconds(options.staleIfError ?? 0);
  if (whileRevalidate === 0 && ifError === 0) return undefined;
  const { rememberErrors } = options;
  const pause =
    rememberErrors === undefined ? (ifError > 0 ? PAUSE : 0) : toMilliseconds(rememberErrors);
  return { whileRevalidate, ifError, pause, schedule: options.schedule ?? schedule };
}

function policyOf(
  whole: Whole,
  { policy, random }: MemoizeOptions,
  bound: Bound,
  hooks: PolicyHooks,
): Policy {
  if (policy === "lru") return new Lru(bound, hooks);
  if (policy === "w-tinylfu") return new WTinyLfu(bound, hooks, () => lotWhatever(whole, random));
  return new S3Fifo(bound, hooks);
}

/** The option `clock`, which is asked as what it is, a callback, and has to answer. */
export function clockOf(whole: Whole, clock: () => number): () => number {
  return () => {
    const time: unknown = outside(clock);
    if (typeof time === "number" && Number.isFinite(time)) return time;
    throw new RoteError(
      "ERR_INVALID_RESULT",
      `clock of "${whole.name}" must return a finite number of milliseconds; it returned ${show(time)}. Leave the option out for Date.now.`,
      { option: "clock", value: time },
    );
  };
}

/** A number at random. */
export function lotOf(whole: Whole, random: (() => number) | undefined): number {
  if (random === undefined) return Math.random();
  const lot: unknown = outside(random);
  if (typeof lot === "number" && lot >= 0 && lot < 1) return lot;
  throw new RoteError(
    "ERR_INVALID_RESULT",
    `random of "${whole.name}" must return a number from 0 up to, but not, 1; it returned ${show(lot)}. Leave the option out for Math.random.`,
    { option: "random", value: lot },
  );
}

/** The same in the middle of an admission, where nothing may fail. */
function lotWhatever(whole: Whole, random: (() => number) | undefined): number {
  try {
    return lotOf(whole, random);
  } catch {
    return Math.random();
  }
}

/** How long a result is fresh. */
export function ttlOf(
  whole: Whole,
  { ttl = Infinity, jitter = 0, random }: MemoizeOptions,
): EntryRules["ttl"] {
  // Shorter, never longer: nothing is older than the TTL says.
  const vary = (milliseconds: number): number =>
    jitter === 0 || milliseconds === Infinity
      ? milliseconds
      : milliseconds * (1 - jitter * lotOf(whole, random));
  if (typeof ttl !== "function") {
    const milliseconds = toMilliseconds(ttl);
    return jitter === 0 ? milliseconds : () => vary(milliseconds);
  }
  return (receiver, value, args) => {
    const given: unknown = outside(() =>
      Reflect.apply(ttl, receiver as never, [value, ...args] as never),
    );
    const milliseconds = toMilliseconds(given);
    if (milliseconds >= 0) return vary(milliseconds);
    throw new RoteError(
      "ERR_INVALID_RESULT",
      `ttl of "${whole.name}" must return ${DURATION_RULE}, or Infinity; it returned ${show(given)}. The result was not kept: return Infinity for what stays fresh, 0 for what is not to be kept.`,
      { option: "ttl", value: given },
    );
  };
}

/** How long callers wait, if not for ever. */
export function patience(options: MemoizeOptions): Patience | undefined {
  const timeout = toMilliseconds(options.timeout ?? Infinity);
  return timeout === Infinity ? undefined : { timeout, schedule: options.schedule ?? schedule };
}
