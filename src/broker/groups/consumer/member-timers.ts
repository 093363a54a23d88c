/**
 * What a member has to do in time, or be removed: be heard of (session), give partitions up
 * (rebalance); and where it speaks the classic protocol, join again and sync.
 */
export type MemberTimer = "session" | "rebalance" | "join" | "sync";

/** A timer that has run out. */
export interface DueTimer {
  readonly memberId: string;
  readonly timer: MemberTimer;
  /** The member's epoch when a rebalance timer was set. */
  readonly epoch: number;
}

interface Deadline {
  readonly at: number;
  readonly epoch: number;
}

/** In milliseconds: when a timer runs out again whose effect could not be written down. */
const retryMs = 500;

/** The timers of all members of all groups. One that runs out does so again until it is cancelled. */
export class MemberTimers {
  readonly #groups = new Map<string, Map<string, Map<MemberTimer, Deadline>>>();
  /** No timer runs out before this, though perhaps none does then: most are put off long before. */
  #notBefore = Number.POSITIVE_INFINITY;

  /** When `due` is to be asked next; undefined where no timer is set. */
  get nextAt(): number | undefined {
    return this.#notBefore === Number.POSITIVE_INFINITY ? undefined : this.#notBefore;
  }

  /** Sets a timer, or sets it anew. `epoch` is for rebalance timers. */
  set(groupId: string, memberId: string, timer: MemberTimer, at: number, epoch = -1): void {
    const group = this.#groups.get(groupId) ?? new Map<string, Map<MemberTimer, Deadline>>();
    const member = group.get(memberId) ?? new Map<MemberTimer, Deadline>();
    member.set(timer, { at, epoch });
    group.set(memberId, member);
    this.#groups.set(groupId, group);
    this.#notBefore = Math.min(this.#notBefore, at);
  }

  /** Sets a timer unless it is set already. */
  setIfAbsent(groupId: string, memberId: string, timer: MemberTimer, at: number): void {
    if (this.#groups.get(groupId)?.get(memberId)?.has(timer) === true) return;
    this.set(groupId, memberId, timer, at);
  }

  /** Calls a timer off. */
  cancel(groupId: string, memberId: string, timer: MemberTimer): void {
    this.#groups.get(groupId)?.get(memberId)?.delete(timer);
  }

  /** Calls all timers of a member off. */
  cancelMember(groupId: string, memberId: string): void {
    this.#groups.get(groupId)?.delete(memberId);
  }

  /** Calls all timers of a group off. */
  cancelGroup(groupId: string): void {
    this.#groups.delete(groupId);
  }

  /** The timers that have run out by now, by group. */
  due(now: number): ReadonlyMap<string, readonly DueTimer[]> {
    const due = new Map<string, DueTimer[]>();
    if (now < this.#notBefore) return due;
    this.#notBefore = Number.POSITIVE_INFINITY;
    for (const [groupId, members] of this.#groups) {
      const ofGroup: DueTimer[] = [];
      for (const [memberId, timers] of members) {
        for (const [timer, { at, epoch }] of timers) {
          const isDue = at <= now;
          if (isDue) {
            ofGroup.push({ memberId, timer, epoch });
            timers.set(timer, { at: now + retryMs, epoch });
          }
          this.#notBefore = Math.min(this.#notBefore, isDue ? now + retryMs : at);
        }
      }
      if (ofGroup.length > 0) due.set(groupId, ofGroup);
    }
    return due;
  }
}
