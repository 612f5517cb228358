/** What a call would do for which memory has nothing, and if it would run, what has changed since the store's result was made. */
import {
  type CodeExplanation,
  type Explanation,
  type RunExplanation,
  timeOf,
  willRun,
} from "../cache/explanation.ts";
import type { Change } from "../cache/reached.ts";
import { outside } from "../run/stack.ts";
import { compareReached } from "./compare-reached.ts";
import { read } from "./envelope.ts";
import {
  type Manifest,
  manifestAddress,
  manifestsOf,
  reachedOf,
  readManifest,
} from "./manifest.ts";
import { splitNamespace } from "./namespace.ts";
import type { StoreAddress, SyncStore } from "./store.ts";
import { openStored } from "./stored.ts";
import type { TierRules } from "./rules.ts";
import type { StoredCall } from "./stored-call.ts";

/** So many revisions of a function are asked for the call, the latest first; and so many entries are looked at where none has a manifest. */
const [REVISIONS, LISTED] = [50, 10_000];

/** Whatever a store does, there is an explanation: without it, what memory says. */
export function explainCall(
  rules: TierRules,
  call: StoredCall,
  found: RunExplanation,
): Explanation {
  try {
    return outside(() => explainStored(rules, call, found) ?? explainCode(rules, call, found));
  } catch {
    return found;
  }
}

/** What the store has of this code. */
function explainStored(
  { store, now, decode, whileRevalidate, ifError }: TierRules,
  { address, argumentBytes }: StoredCall,
  found: RunExplanation,
): Explanation | undefined {
  const bytes = store.read(address);
  if (bytes === undefined) return undefined;
  const time = now();
  const window = Math.max(whileRevalidate, ifError);
  const stored = openStored(bytes, argumentBytes, time - window, decode !== undefined);
  if (typeof stored === "string") return undefined;
  const { isFailure, value, expiresAt } = stored;
  const isFresh = expiresAt > time;
  if (isFailure && isFresh)
    return {
      outcome: "throw",
      reason: "failed",
      error: value,
      freshUntil: expiresAt,
      message: "The last run has failed, which the store remembers.",
    };
  if (isFresh)
    return {
      outcome: "hit",
      reason: "stored",
      freshUntil: expiresAt,
      message:
        expiresAt === Infinity
          ? "The call would return the result that the store has, which does not expire."
          : `The call would return the result that the store has, fresh until ${timeOf(expiresAt)}.`,
    };
  if (isFailure || found.reason === "stale") return undefined;
  const staleUntil = expiresAt + whileRevalidate;
  if (staleUntil > time)
    return {
      outcome: "stale",
      reason: "revalidated",
      freshUntil: expiresAt,
      staleUntil,
      isRefreshing: false,
      message: `The call would return the stale result that the store has, and have it refreshed, until ${timeOf(staleUntil)}.`,
    };
  return willRun("stale", expiresAt, "the result that the store has is stale");
}

/** What the store has of other code. */
function explainCode(rules: TierRules, call: StoredCall, found: RunExplanation): RunExplanation {
  const { store, name, namespace, revision } = rules;
  const reached = reachedOf(revision);
  const other = findOther(rules, call);
  if (other === undefined)
    return reached === undefined
      ? found
      : { ...found, code: { reached, found: undefined, changed: undefined } };
  const manifest =
    other.manifest ?? readManifest(store.read(manifestAddress(name, other.namespace)));
  const before = manifest?.reached;
  const changed =
    before === undefined || reached === undefined ? undefined : compareReached(before, reached);
  const code: CodeExplanation = {
    reached,
    found: { namespace: other.namespace, writtenAt: other.writtenAt },
    changed,
  };
  const isSame = manifest !== undefined && manifest.digest === revision?.digest;
  const why = isSame
    ? "the store has its result of the same code with other values of what env or dependsOn lists"
    : describe(other.namespace, namespace, changed);
  const explained = found.reason === "never seen" ? willRun("code changed", undefined, why) : found;
  return { ...explained, code };
}

function describe(other: string, own: string, changed: readonly Change[] | undefined): string {
  const [was, is] = [splitNamespace(other).version, splitNamespace(own).version];
  if (was !== undefined) return `the store has its result of version ${JSON.stringify(was)}`;
  if (is !== undefined) return "the store has its result from before it had a version";
  const [first, ...rest] = changed ?? [];
  if (first === undefined)
    return "the store has its result of other code: the code has changed, or what it depends on";
  const texts = [first, ...rest.slice(0, 2)].map(({ text }) => text).join(", ");
  return `the store has its result of other code: ${texts}${rest.length > 2 ? `, and ${rest.length - 2} more` : ""}`;
}

interface Other {
  readonly namespace: string;
  readonly writtenAt: number;
  readonly manifest?: Manifest;
}

/** The latest result of the call under the same name and not of this code: by the manifests, or else by looking. */
function findOther(rules: TierRules, call: StoredCall): Other | undefined {
  const { store, name, namespace } = rules;
  let latest: Other | undefined;
  for (const manifest of manifestsIn(store, name)) {
    if (manifest.namespace === namespace) continue;
    const address = { namespace: manifest.namespace, digest: call.address.digest };
    const writtenAt = writtenAtOf(store, address);
    if (writtenAt !== undefined && writtenAt > (latest?.writtenAt ?? -Infinity))
      latest = { namespace: manifest.namespace, writtenAt, manifest };
  }
  if (latest !== undefined) return latest;
  let left = LISTED;
  for (const listing of store.list()) {
    if (left-- === 0) break;
    const { namespace: other, digest, writtenAt } = listing;
    if (digest !== call.address.digest || other === namespace) continue;
    if (splitNamespace(other).name !== name) continue;
    if (writtenAt > (latest?.writtenAt ?? -Infinity)) latest = { namespace: other, writtenAt };
  }
  return latest;
}

function manifestsIn(store: SyncStore, name: string): Manifest[] {
  return [...store.list(manifestsOf(name))]
    .sort((a, b) => b.writtenAt - a.writtenAt)
    .slice(0, REVISIONS)
    .flatMap((listing) => readManifest(store.read(listing)) ?? []);
}

function writtenAtOf(store: SyncStore, address: StoreAddress): number | undefined {
  const bytes = store.read(address);
  const envelope = bytes === undefined ? "foreign" : read(bytes);
  return typeof envelope === "string" ? undefined : envelope.createdAt;
}
