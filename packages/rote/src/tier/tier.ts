import type { LowerTier, StoreStats } from "../cache/lower.ts";
import type { Explanation, RunExplanation } from "../cache/explanation.ts";
import type { Memo } from "../cache/memo.ts";
import { invalidationsSoFar, isInvalidated } from "../cache/tags.ts";
import { warnOnce } from "../development.ts";
import { RoteError } from "../errors.ts";
import type { Key } from "../key/trie.ts";
import { outside } from "../run/stack.ts";
import { isThenable } from "../run/thenable.ts";
import { argumentBytes } from "./argument-bytes.ts";
import { Claims } from "./claims.ts";
import { sha256 } from "./digest.ts";
import { type MissReason, REMOVED } from "./envelope.ts";
import { explainCall } from "./explain-call.ts";
import { Handed } from "./handed.ts";
import { manifestAddress, packManifest, readManifest } from "./manifest.ts";
import type { TierRules } from "./rules.ts";
import { sleep } from "./sleep.ts";
import type { StoredCall } from "./stored-call.ts";
import { openStored, packFailure, packResult, type Stored } from "./stored.ts";

/** Why a call is not answered. */
type Reason = MissReason | "absent" | "decode";

/** What a store has for a call. */
export interface Found {
  readonly isFailure: boolean;
  readonly value: unknown;
  /** How long it is good for, still; below 0, for how long it has been stale. */
  readonly ttl: number;
  /** Whether the run has returned a promise for it. */
  readonly isPromised: boolean;
}

/** The shortest and the longest time between two looks at what another process is making. */
const FIRST_LOOK = 2;
const LAST_LOOK = 50;

/**
 * The store below the memory of one function. Whatever goes wrong with it costs a run and is
 * counted: nothing of it reaches a caller but what a call cannot be named by.
 */
export class Tier implements LowerTier {
  readonly rules: TierRules;
  readonly counts: StoreStats = {
    hits: 0,
    writes: 0,
    refused: 0,
    errors: 0,
    waits: 0,
    overdue: 0,
    misses: {},
  };
  private readonly handed = new Handed();
  /** Runs whose promise has not settled, by their digest: what was set, deleted or cleared meanwhile wins. */
  private readonly underWay: Map<string, Set<StoredCall>> = new Map();
  private readonly claims: Claims;
  /** Runs without a claim, and the revision of the store when they began. */
  private readonly unclaimed: WeakMap<StoredCall, number> = new WeakMap();

  private hasManifest = false;
  /** As it was before anything was taken from the store. */
  private revision: number | undefined = undefined;

  constructor(rules: TierRules) {
    this.rules = rules;
    this.claims = new Claims(rules.store);
  }

  get lookEvery(): number {
    return this.rules.lookEvery;
  }

  hasChanged(): boolean {
    const { revision } = this;
    this.revision = this.attempt(() => this.rules.store.revision(), undefined) ?? revision;
    return revision !== undefined && this.revision !== revision;
  }

  /** @throws {RoteError} `ERR_NOT_STORABLE` for arguments that no other process could recognise. */
  callOf(memo: Memo, key: Key, args: readonly unknown[]): StoredCall {
    const bytes = argumentBytes(memo, key);
    const address = { namespace: this.rules.namespace, digest: sha256(bytes) };
    return { key, args, address, argumentBytes: bytes };
  }

  find(call: StoredCall, isAgain = false): Found | undefined {
    const { address, argumentBytes: expected, args } = call;
    const { store, decode, now } = this.rules;
    // Who looks again has been told why there was nothing.
    const missed = (reason: Reason): undefined => (isAgain ? undefined : this.missed(reason, args));
    if (this.revision === undefined) this.hasChanged();
    const bytes = this.attempt(() => store.read(address), args);
    if (bytes === undefined) return missed("absent");
    const time = now();
    const stored = openStored(bytes, expected, time - this.window, decode !== undefined);
    // Failures are never stale.
    if (typeof stored !== "string" && stored.isFailure && stored.expiresAt <= time)
      return missed("expired");
    if (typeof stored === "string") {
      if (REMOVED.has(stored)) this.attempt(() => store.discard(address, bytes), args);
      return missed(stored);
    }
    const found = this.decoded(stored, stored.expiresAt - time, args);
    if (found === undefined) return missed("decode");
    this.counts.hits++;
    return found;
  }

  /** Whether what was found is good without a run. */
  mayReturn({ ttl }: Found, { wantsFresh }: StoredCall): boolean {
    return ttl > (wantsFresh === true ? 0 : -this.rules.whileRevalidate);
  }

  /** Whether it is good where the run has failed. */
  mayRescue({ ttl }: Found): boolean {
    return ttl > -this.rules.ifError;
  }

  private get window(): number {
    return Math.max(this.rules.whileRevalidate, this.rules.ifError);
  }

  private decoded(
    { isFailure, value, isPromised = false }: Stored,
    ttl: number,
    args: readonly unknown[],
  ): Found | undefined {
    const { decode } = this.rules;
    if (decode === undefined || isFailure) return { isFailure, value, ttl, isPromised };
    try {
      return { isFailure, value: outside(() => decode(value)), ttl, isPromised };
    } catch (error) {
      this.failed(error, "decode", args);
      return undefined;
    }
  }

  private missed(reason: Reason, args: readonly unknown[]): undefined {
    const { misses } = this.counts;
    misses[reason] = (misses[reason] ?? 0) + 1;
    if (reason !== "absent") this.rules.events.missed(args, reason);
  }

  /** Claims the right to run the call: a fence; 0 for none, where the store cannot say or time is up; or what another process has made meanwhile. */
  claim(call: StoredCall): number | Found {
    const { wait } = this.rules;
    const first = this.claimOnce(call);
    if (first !== undefined) return first;
    if (wait === 0) return this.goWithout(call);
    this.counts.waits++;
    let waited = 0;
    for (let look = FIRST_LOOK; waited < wait; look = Math.min(look * 2, LAST_LOOK)) {
      sleep(Math.min(look, wait - waited));
      waited += look;
      const step = this.lookAgain(call);
      if (step !== undefined) return step;
    }
    this.counts.overdue++;
    return this.goWithout(call);
  }

  /** The same for functions that return promises, without blocking. */
  async claimLater(
    call: StoredCall,
    pause: (milliseconds: number) => Promise<void>,
  ): Promise<number | Found> {
    const { wait } = this.rules;
    const first = this.claimOnce(call);
    if (first !== undefined) return first;
    if (wait === 0) return this.goWithout(call);
    this.counts.waits++;
    let waited = 0;
    for (let look = FIRST_LOOK; waited < wait; look = Math.min(look * 2, LAST_LOOK)) {
      await pause(Math.min(look, wait - waited));
      waited += look;
      const step = this.lookAgain(call);
      if (step !== undefined) return step;
    }
    this.counts.overdue++;
    return this.goWithout(call);
  }

  private lookAgain(call: StoredCall): number | Found | undefined {
    const found = this.find(call, true);
    if (found !== undefined && this.mayReturn(found, call)) return found;
    return this.claimOnce(call);
  }

  /** `undefined` while another one has it. */
  private claimOnce(call: StoredCall): number | Found | undefined {
    const { store } = this.rules;
    const claim = this.attempt(() => store.claim(call.address) ?? "held", call.args);
    if (claim === "held") return undefined;
    if (claim === undefined) return this.goWithout(call);
    const { fence, isAbsent } = claim;
    this.claims.hold(call.address, fence);
    let isOver = true;
    try {
      // Between the look and the claim another process may have made it, and given its claim back.
      const found = isAbsent ? undefined : this.find(call, true);
      isOver = found !== undefined && this.mayReturn(found, call);
      return isOver ? found : fence;
    } finally {
      if (isOver) this.release(call, fence);
    }
  }

  /** For a refresh, which neither waits nor looks. */
  claimAtOnce(call: StoredCall): number {
    const fence = this.attempt(() => this.rules.store.claim(call.address)?.fence, call.args);
    if (fence === undefined) return this.goWithout(call);
    this.claims.hold(call.address, fence);
    return fence;
  }

  /** It is run without a claim. No fence says then whether it was removed meanwhile, so it is as if all that is removed were. */
  private goWithout(call: StoredCall): 0 {
    this.unclaimed.set(call, this.revisionNow());
    return 0;
  }

  /** `NaN`, which is no revision, where the store cannot say. */
  private revisionNow(): number {
    try {
      return outside(() => this.rules.store.revision());
    } catch {
      return Number.NaN;
    }
  }

  /** A run has begun that takes its time. */
  begin(call: StoredCall): void {
    const { digest } = call.address;
    const runs = this.underWay.get(digest);
    if (runs === undefined) this.underWay.set(digest, new Set([call]));
    else runs.add(call);
  }

  /** It has ended; whether it may leave something behind. */
  end(call: StoredCall): boolean {
    const { digest } = call.address;
    const runs = this.underWay.get(digest);
    if (runs?.delete(call) !== true) return false;
    if (runs.size === 0) this.underWay.delete(digest);
    return true;
  }

  release(call: StoredCall, fence: number): void {
    if (this.claims.leave(call.address, fence))
      this.attempt(() => this.rules.store.release(call.address, fence), call.args);
  }

  /** Writes what a run has returned or, with `isFailure`, thrown, and gives its claim back. */
  write(
    call: StoredCall,
    value: unknown,
    about: {
      ttl: number;
      runTime: number;
      tags: readonly string[];
      isFailure: boolean;
      isPromised: boolean;
    },
    fence: number,
  ): void {
    let isWritten = false;
    try {
      isWritten = this.isWritten(call, value, about, fence);
    } finally {
      // What was written has given it back.
      if (isWritten) this.claims.leave(call.address, fence);
      else this.release(call, fence);
    }
  }

  private isWritten(
    call: StoredCall,
    value: unknown,
    about: Parameters<Tier["write"]>[2],
    fence: number,
  ): boolean {
    const { store, encode, now } = this.rules;
    if (!(about.ttl > 0)) return false;
    const since = fence > 0 ? undefined : this.unclaimed.get(call);
    if (since !== undefined && since !== this.revisionNow()) return false;
    const { runTime, tags, isFailure, isPromised } = about;
    const createdAt = now();
    const expiresAt = createdAt + about.ttl;
    // The store is to keep it for as long as it may be returned.
    const note = { expiresAt: isFailure ? expiresAt : expiresAt + this.window, runTime, tags };
    let bytes: Uint8Array;
    try {
      const { argumentBytes } = call;
      const packed = { isPromised, createdAt, expiresAt, runTime, tags, argumentBytes };
      if (isFailure) bytes = packFailure(value, packed);
      else if (encode === undefined) bytes = packResult(value, packed);
      else
        bytes = packResult(
          outside(() => encode(value)),
          packed,
          true,
        );
    } catch (error) {
      this.counts.refused++;
      this.rules.events.failed(call.args, error);
      warnOnce(
        "ROTE_NOT_STORABLE",
        `A result of "${this.rules.name}" was not stored: ${sayError(error)}`,
      );
      return false;
    }
    const isWritten = this.attempt(
      () => store.write(call.address, bytes, note, fence > 0 ? fence : undefined),
      call.args,
    );
    if (isWritten !== true) return false;
    this.counts.writes++;
    this.keepManifest(createdAt, runTime);
    return true;
  }

  /** Once, beside the first result. Without it results are as good, and an explanation is shorter. */
  private keepManifest(createdAt: number, runTime: number): void {
    const { store, name, namespace, revision } = this.rules;
    if (this.hasManifest || revision === undefined) return;
    this.hasManifest = true;
    try {
      outside(() => {
        const address = manifestAddress(name, namespace);
        const kept = readManifest(store.read(address));
        if (kept !== undefined && (kept.reached ?? revision.reached) === kept.reached) return;
        const bytes = packManifest(namespace, revision, createdAt, runTime);
        store.write(address, bytes, { expiresAt: Infinity, runTime, tags: [] });
      });
    } catch {
      // What is wrong with the store is told where results need it.
    }
  }

  set(memo: Memo, key: Key, receiver: unknown, args: readonly unknown[], value: unknown): void {
    const call = this.callOf(memo, key, args);
    if (this.revision === undefined) this.hasChanged();
    if (isThenable(value)) {
      void this.setLater(call, receiver, value);
      return;
    }
    const { life } = this.rules;
    const ttl = life.ttlOf(receiver, value, args);
    const tags = life.tagsOf(receiver, value, args);
    this.underWay.delete(call.address.digest);
    this.write(call, value, { ttl, runTime: 0, tags, isFailure: false, isPromised: false }, 0);
    this.handOver(call, ttl);
  }

  /** What a promise brings is written once it is there, unless something else has come or gone meanwhile. */
  private async setLater(
    call: StoredCall,
    receiver: unknown,
    promise: PromiseLike<unknown>,
  ): Promise<void> {
    const { life } = this.rules;
    const since = invalidationsSoFar();
    // From now on, what runs of before bring is not wanted; and what others remove meanwhile stays removed.
    this.underWay.delete(call.address.digest);
    this.begin(call);
    let fence = this.claimAtOnce(call);
    try {
      const value = await promise;
      if (!this.end(call)) return;
      const ttl = life.ttlOf(receiver, value, call.args);
      const tags = life.tagsOf(receiver, value, call.args);
      if (isInvalidated(tags, since)) return;
      const about = { ttl, runTime: 0, tags, isFailure: false, isPromised: true };
      const held = fence;
      fence = 0;
      this.write(call, value, about, held);
    } catch {
      // A rejected promise is nothing to keep; what else has failed is told by the memory, which asks the same.
      this.end(call);
    } finally {
      this.release(call, fence);
    }
  }

  delete(memo: Memo, key: Key): boolean {
    const { address } = this.callOf(memo, key, []);
    this.underWay.delete(address.digest);
    return this.attempt(() => this.rules.store.remove(address), undefined) === true;
  }

  clear(): void {
    const { store, namespace } = this.rules;
    this.underWay.clear();
    this.attempt(() => store.clear(namespace), undefined);
  }

  explain(memo: Memo, key: Key, found: RunExplanation): Explanation {
    let call: StoredCall;
    try {
      call = this.callOf(memo, key, []);
    } catch {
      // The call itself says why no store can have it.
      return found;
    }
    return explainCall(this.rules, call, found);
  }

  /** What belongs to the call is about to be kept in memory, as long as it is kept in the store. */
  handOver({ key }: { readonly key: Key }, ttl: number): void {
    this.handed.put(key, ttl);
  }

  takeOver(key: Key): number | undefined {
    return this.handed.take(key);
  }

  private attempt<Result>(
    ask: () => Result,
    args: readonly unknown[] | undefined,
  ): Result | undefined {
    try {
      return outside(ask);
    } catch (error) {
      this.failed(error, "store", args);
      return undefined;
    }
  }

  private failed(error: unknown, what: string, args: readonly unknown[] | undefined): void {
    this.counts.errors++;
    this.rules.events.failed(args, error);
    warnOnce(
      "ROTE_STORE",
      `The ${what} of "${this.rules.name}" has failed, and the function is run instead: ${sayError(error)}`,
    );
  }
}

/** Messages of others may hold what is no business of a log. */
function sayError(error: unknown): string {
  if (error instanceof RoteError) return error.message;
  return `${error instanceof Error ? error.name : typeof error}.`;
}
