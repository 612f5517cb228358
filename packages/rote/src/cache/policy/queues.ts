/** What a slot is in while it is in no queue. Queues have numbers from 1. */
export const NOWHERE = 0;

/** Slots for which there is room from the start; room doubles from there. */
const FIRST_ROOM = 16;

/**
 * Doubly linked queues of slots in typed arrays; a slot is in one of them at most. New slots go to the
 * front, what has waited longest is at the back.
 *
 * A queue is a ring through its own number, which stands before the slots in both arrays: no queue is
 * ever empty for the links, and linking needs no branch.
 */
export class Queues {
  /** How many slots there is room for. */
  room: number = FIRST_ROOM;
  /** From slot to the queue's state as the policy names it; `NOWHERE` for slots not in use. */
  states: Uint8Array = new Uint8Array(FIRST_ROOM);
  private towardsBack: Int32Array;
  private towardsFront: Int32Array;
  /** Where the slots begin. */
  private readonly offset: number;

  constructor(queueCount: number) {
    this.offset = queueCount + 1;
    this.towardsBack = new Int32Array(this.offset + FIRST_ROOM);
    this.towardsFront = new Int32Array(this.offset + FIRST_ROOM);
    this.clear();
  }

  clear(): void {
    for (let queue = 0; queue < this.offset; queue++) {
      this.towardsBack[queue] = this.towardsFront[queue] = queue;
    }
    this.states.fill(NOWHERE);
  }

  /** Makes room for `slot`; true if there was none, so that other arrays have to grow as well. */
  makeRoom(slot: number): boolean {
    if (slot < this.room) return false;
    while (this.room <= slot) this.room *= 2;
    this.states = grow(this.states, this.room);
    this.towardsBack = grow(this.towardsBack, this.offset + this.room);
    this.towardsFront = grow(this.towardsFront, this.offset + this.room);
    return true;
  }

  /** Also of a slot for which there was never room. */
  stateOf(slot: number): number {
    return this.states[slot] ?? NOWHERE;
  }

  /** The slot at the back, or a number below 0 if the queue is empty. */
  back(queue: number): number {
    const node = this.towardsFront[queue] as number;
    return node === queue ? -1 : node - this.offset;
  }

  /** Whether a queue has one slot, or none. */
  isAlone(queue: number): boolean {
    return this.towardsBack[queue] === this.towardsFront[queue];
  }

  pushFront(queue: number, slot: number): void {
    const { towardsBack, towardsFront } = this;
    const node = slot + this.offset;
    const front = towardsBack[queue] as number;
    towardsBack[queue] = node;
    towardsFront[node] = queue;
    towardsBack[node] = front;
    towardsFront[front] = node;
  }

  /** Both at once: from where it is to the front of `queue`. */
  move(queue: number, slot: number): void {
    const { towardsBack, towardsFront } = this;
    const node = slot + this.offset;
    const behind = towardsBack[node] as number;
    const before = towardsFront[node] as number;
    towardsBack[before] = behind;
    towardsFront[behind] = before;
    const front = towardsBack[queue] as number;
    towardsBack[queue] = node;
    towardsFront[node] = queue;
    towardsBack[node] = front;
    towardsFront[front] = node;
  }

  unlink(slot: number): void {
    const { towardsBack, towardsFront } = this;
    const node = slot + this.offset;
    const behind = towardsBack[node] as number;
    const before = towardsFront[node] as number;
    towardsBack[before] = behind;
    towardsFront[behind] = before;
  }
}

/** A copy with room for `length` numbers. */
export function grow<Numbers extends Uint8Array | Int32Array | Float64Array>(
  numbers: Numbers,
  length: number,
): Numbers {
  const longer = new (numbers.constructor as new (length: number) => Numbers)(length);
  longer.set(numbers);
  return longer;
}
