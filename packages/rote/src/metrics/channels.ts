import { type CacheEvents, type CacheEventType, EVENT_TYPES } from "../cache/events.ts";
import { type Whole, wholes } from "../cache/whole.ts";
import { type Duration, toMilliseconds } from "../duration.ts";
import { RoteError } from "../errors.ts";
import { handleFor } from "../memoized.ts";
import { type Rule, show } from "../options.ts";
import { schedule as scheduleLate } from "../run/schedule.ts";
import { checkOptionsOf } from "./check.ts";

/**
 * Events on channels. Rules:
 *
 * 1. A function is listened to for a channel only while that has subscribers: its calls take the
 *    specialised path otherwise. A channel does not tell when somebody subscribes, so it is asked: when
 *    publishing begins, when a function is memoized, and now and then.
 * 2. What hears an event and finds that nobody has subscribed any more ceases to listen at once.
 * 3. No function is kept alive: what is known of one is known to its own listeners, and weakly here.
 * 4. However many have asked for it, an event is published once; and until all of them have stopped.
 */

/** What subscribers of the channels `rote:hit`, `rote:miss` … get: the event, and whose it is. */
export type ChannelMessages = {
  readonly [Type in CacheEventType]: CacheEvents[Type] & {
    /** The name of the memoized function. */
    readonly name: string;
  };
};

/** How {@link publishEvents} finds out who has subscribed. */
export interface PublishOptions {
  /**
   * How long it takes at most until functions that exist already notice that somebody has subscribed or unsubscribed; above 0.
   * `Infinity` does not look again.
   * @defaultValue `"1s"`
   */
  interval?: Duration;
  /**
   * Calls a function after so many milliseconds and returns what calls that off, for tests.
   * @defaultValue `setTimeout`, looked up late, which does not keep the process alive
   */
  schedule?: (callback: () => void, milliseconds: number) => () => void;
}

const rules: { readonly [Option in keyof Required<PublishOptions>]: Rule } = {
  interval: {
    isValid: (value) => toMilliseconds(value) > 0,
    rule: 'a number of milliseconds above 0, a text such as "250ms", "30s", "5m", "2h" or "7d", or Infinity',
    remedy: 'Leave it out to look for subscribers every second ("1s").',
  },
  schedule: {
    isValid: (value) => typeof value === "function",
    rule: "a function of a callback and milliseconds that returns a function to cancel it",
    remedy: "Leave it out for the timers of the platform.",
  },
};

/** What rote needs of `node:diagnostics_channel`. */
interface Channel {
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
}

interface Platform {
  process?: {
    getBuiltinModule?: (name: string) => { channel(name: string): Channel } | undefined;
  };
}

type Channels = Readonly<Record<CacheEventType, Channel>>;

/** Held from the first call on: a channel nobody holds is collected, and another made under its name. */
let channels: Channels | undefined;

function openChannels(): Channels {
  if (channels !== undefined) return channels;
  // Not an import, which bundlers for browsers would have to be told about.
  const found = (globalThis as Platform).process?.getBuiltinModule?.("node:diagnostics_channel");
  if (found === undefined) {
    throw new RoteError(
      "ERR_UNSUPPORTED",
      "publishEvents needs node:diagnostics_channel, which this platform does not have: Node 20.16 or newer has it. Use fn.cache.on to listen to one function, or observeMetrics, which works everywhere.",
    );
  }
  const opened = EVENT_TYPES.map((type) => [type, found.channel(`rote:${type}`)] as const);
  return (channels = Object.fromEntries(opened) as Record<CacheEventType, Channel>);
}

/** Calls of `publishEvents` that have not been stopped. */
let publishers = 0;

/** What ends the listeners of each function. */
const listening = new WeakMap<Whole, Map<CacheEventType, () => void>>();

/** Lets a function be listened to for the channels that have subscribers, and for no others. */
function listen(whole: Whole): void {
  let ends = listening.get(whole);
  for (const type of EVENT_TYPES) {
    const channel = (channels as Channels)[type];
    const isWanted = publishers > 0 && channel.hasSubscribers;
    const end = ends?.get(type);
    if (isWanted && end === undefined) {
      if (ends === undefined) listening.set(whole, (ends = new Map()));
      // Noted first: entries that `clearAll` has left go now, and who is told of that may end up here again.
      ends.set(type, () => {});
      ends.set(type, handleFor(whole).on(type, publisher(whole, type, channel) as never));
    } else if (!isWanted && end !== undefined) {
      ends?.delete(type);
      end();
    }
  }
}

function publisher(whole: Whole, type: CacheEventType, channel: Channel): (event: never) => void {
  return (event: CacheEvents[typeof type]) => {
    if (publishers > 0 && channel.hasSubscribers) channel.publish({ name: whole.name, ...event });
    else listen(whole);
  };
}

function listenToAll(): void {
  for (const whole of wholes.find()) listen(whole);
}

/**
 * Publishes the events of every memoized function of the process on the channels `rote:hit`,
 * `rote:miss`, `rote:run`, `rote:remove` and `rote:error` of `node:diagnostics_channel`, until the function that
 * is returned is called. A message is the event that `fn.cache.on` tells, and `name`, the function's.
 *
 * Arguments and results are in it as they are, by reference: a subscriber must not change them,
 * and should think twice before it writes them into a log. As everywhere, what a subscriber throws is an
 * uncaught exception; and one that calls memoized functions makes events itself.
 *
 * Calls pay nothing until somebody has subscribed: functions are listened to only for channels with
 * subscribers. That is looked up at once, whenever a function is memoized, and once in an `interval`, so
 * subscribe first to miss nothing. Asked for several times, each event is published once, until all have stopped.
 *
 * @param options - See {@link PublishOptions}.
 * @returns What ends it.
 * @throws {RoteError} `ERR_INVALID_ARGUMENT` or `ERR_INVALID_OPTION` for options, `ERR_INVALID_RESULT` for a `schedule` that
 * returns no function, `ERR_UNSUPPORTED` where there is no `node:diagnostics_channel`, in browsers for instance.
 *
 * @example
 * ```ts
 * import { subscribe } from "node:diagnostics_channel";
 * import { memoize } from "rote";
 * import { type ChannelMessages, publishEvents } from "rote/metrics";
 *
 * const told: string[] = [];
 * subscribe("rote:run", (message) => {
 *   const { name, args } = message as ChannelMessages["run"];
 *   told.push(`${name} ${args.join()}`);
 * });
 * const stop = publishEvents();
 *
 * const square = memoize((n: number) => n * n, { name: "square" });
 * square(3) + square(3); //=> 18
 * told; //=> ["square 3"]
 * stop();
 * ```
 */
export function publishEvents(options: PublishOptions = {}): () => void {
  checkOptionsOf("publishEvents", options, rules, '{ interval: "1s" }');
  const interval = toMilliseconds(options.interval ?? "1s");
  const { schedule = scheduleLate } = options;
  openChannels();
  let hasStopped = false;
  const lookLater = (): unknown =>
    schedule(() => {
      // A timer that could not be called off.
      if (hasStopped) return;
      listenToAll();
      cancel = lookLater();
    }, interval);
  let cancel: unknown;
  if (interval !== Infinity) {
    cancel = lookLater();
    if (typeof cancel !== "function") {
      hasStopped = true;
      throw notCancellable(cancel);
    }
  }
  publishers++;
  wholes.hear(listen);
  listenToAll();
  return () => {
    if (hasStopped) return;
    hasStopped = true;
    publishers--;
    if (publishers === 0) {
      wholes.hear(null);
      listenToAll();
    }
    if (typeof cancel === "function") cancel();
  };
}

function notCancellable(value: unknown): RoteError {
  return new RoteError(
    "ERR_INVALID_RESULT",
    `schedule of publishEvents must return a function that calls off what it has scheduled; it returned ${show(value)}. Return () => clearTimeout(timer), for instance.`,
    { option: "schedule", value },
  );
}
