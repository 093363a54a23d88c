/** A look-up of all regular expressions of a group that is to be made soon. */
export interface RegexRefresh {
  readonly regexes: readonly string[];
  /** Whether the one that caused it may know of a topic. */
  isVisible(topicName: string): boolean;
}

/**
 * The look-ups that are to be made, at most one for each group. They are apart from the heartbeats that
 * cause them, so that those do not wait while all topics of the cluster are gone through.
 */
export class RegexRefreshes {
  readonly #waiting = new Map<string, RegexRefresh>();
  #at: number | undefined;
  /** Rises whenever topics may have come; what was looked up before is out of date then. */
  #version = 1;

  /** When there is something to look up; undefined for never. */
  get nextAt(): number | undefined {
    return this.#waiting.size === 0 ? undefined : this.#at;
  }

  get version(): number {
    return this.#version;
  }

  isWaiting(groupId: string): boolean {
    return this.#waiting.has(groupId);
  }

  add(groupId: string, refresh: RegexRefresh, now: number): void {
    if (this.#waiting.size === 0) this.#at = now;
    this.#waiting.set(groupId, refresh);
  }

  /** Takes out the look-ups of all groups but those that are busy. */
  take(isBusy: (groupId: string) => boolean): [groupId: string, refresh: RegexRefresh][] {
    const taken = [...this.#waiting].filter(([groupId]) => !isBusy(groupId));
    for (const [groupId] of taken) this.#waiting.delete(groupId);
    return taken;
  }

  /** Topics have come, perhaps: all that was looked up at this version or before is out of date. */
  outdate(version: number = this.#version): void {
    this.#version = Math.max(this.#version, version) + 1;
  }
}
