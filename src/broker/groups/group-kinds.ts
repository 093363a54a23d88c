import type { ClassicGroups } from "./classic-groups.ts";
import type { ConsumerGroups } from "./consumer/consumer-groups.ts";
import type { StreamsGroups } from "./streams/streams-groups.ts";

/** The kinds of groups that a coordinator looks after, by their type. */
export interface GroupKinds {
  readonly classic: ClassicGroups;
  readonly consumer: ConsumerGroups;
  readonly streams: StreamsGroups;
}
