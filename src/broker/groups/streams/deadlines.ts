/** What is due for one group. */
export interface DueDeadlines {
  readonly groupId: string;
  /** Members that have been silent for too long. */
  readonly silent: readonly string[];
  /** Members that have taken too long to give up tasks, with the epoch that they are to leave behind. */
  readonly late: readonly { readonly memberId: string; readonly epoch: number }[];
  readonly isInitialDelayOver: boolean;
}

interface GroupDeadlines {
  readonly sessions: Map<string, number>;
  readonly rebalances: Map<string, { readonly at: number; readonly epoch: number }>;
  initialDelay: number;
}

/**
 * Until when members must be heard of, must have given up tasks, and a new group waits for more of
 * them. Not kept over a restart. What is due stays due until it is forgotten or put off. All times are
 * the clock's `elapsed`, in milliseconds.
 */
export class Deadlines {
  readonly #groups = new Map<string, GroupDeadlines>();
  /** No deadline is before this one. */
  #next = Number.POSITIVE_INFINITY;
  #isNextExact = true;

  /** The first deadline; undefined for none. May be too early where deadlines were put off. */
  get nextAt(): number | undefined {
    if (!this.#isNextExact) {
      this.#next = Number.POSITIVE_INFINITY;
      this.#isNextExact = true;
      for (const group of this.#groups.values()) {
        for (const at of group.sessions.values()) this.#next = Math.min(this.#next, at);
        for (const { at } of group.rebalances.values()) this.#next = Math.min(this.#next, at);
        this.#next = Math.min(this.#next, group.initialDelay);
      }
    }
    return this.#next === Number.POSITIVE_INFINITY ? undefined : this.#next;
  }

  /** A member was heard of, and must be again by then. */
  setSession(groupId: string, memberId: string, at: number): void {
    this.#of(groupId).sessions.set(memberId, at);
    this.#next = Math.min(this.#next, at);
  }

  /** A member must have left the epoch behind by then. */
  setRebalance(groupId: string, memberId: string, at: number, epoch: number): void {
    this.#of(groupId).rebalances.set(memberId, { at, epoch });
    this.#next = Math.min(this.#next, at);
  }

  /** A member has given up what it had to. */
  clearRebalance(groupId: string, memberId: string): void {
    if (this.#groups.get(groupId)?.rebalances.delete(memberId)) this.#isNextExact = false;
  }

  /** A group is to wait until then for more members, unless it does already. */
  startInitialDelay(groupId: string, at: number): void {
    const group = this.#of(groupId);
    if (group.initialDelay !== Number.POSITIVE_INFINITY) return;
    group.initialDelay = at;
    this.#next = Math.min(this.#next, at);
  }

  /** Whether a group still waits for more members. */
  isInitiallyDelayed(groupId: string): boolean {
    return (
      (this.#groups.get(groupId)?.initialDelay ?? Number.POSITIVE_INFINITY) <
      Number.POSITIVE_INFINITY
    );
  }

  /** A group waits no longer for more members. */
  endInitialDelay(groupId: string): void {
    const group = this.#groups.get(groupId);
    if (group === undefined) return;
    group.initialDelay = Number.POSITIVE_INFINITY;
    this.#isNextExact = false;
  }

  forgetMember(groupId: string, memberId: string): void {
    const group = this.#groups.get(groupId);
    if (group?.sessions.delete(memberId)) this.#isNextExact = false;
    this.clearRebalance(groupId, memberId);
  }

  forgetGroup(groupId: string): void {
    if (this.#groups.delete(groupId)) this.#isNextExact = false;
  }

  /** All that is due by now. */
  due(now: number): DueDeadlines[] {
    this.#isNextExact = false;
    const due: DueDeadlines[] = [];
    for (const [groupId, { sessions, rebalances, initialDelay }] of this.#groups) {
      const silent = [...sessions].filter(([, at]) => at <= now).map(([memberId]) => memberId);
      const late = [...rebalances]
        .filter(([, { at }]) => at <= now)
        .map(([memberId, { epoch }]) => ({ memberId, epoch }));
      const isInitialDelayOver = initialDelay <= now;
      if (silent.length === 0 && late.length === 0 && !isInitialDelayOver) continue;
      due.push({ groupId, silent, late, isInitialDelayOver });
    }
    return due;
  }

  #of(groupId: string): GroupDeadlines {
    const known = this.#groups.get(groupId);
    if (known !== undefined) return known;
    const fresh = {
      sessions: new Map(),
      rebalances: new Map(),
      initialDelay: Number.POSITIVE_INFINITY,
    };
    this.#groups.set(groupId, fresh);
    return fresh;
  }
}
