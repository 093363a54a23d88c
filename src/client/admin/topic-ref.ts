/** A topic by its name, or by its id (KIP-516) as a UUID in the usual text form. */
export type TopicRef = string | { readonly id: string };

/** The name under which a topic's outcome is found: its name or its id, whichever was given. */
export function topicRefKey(topic: TopicRef): string {
  return typeof topic === "string" ? topic : topic.id;
}

/** The topic as it stands in messages: "topic orders". */
export function topicLabel(topic: TopicRef): string {
  return typeof topic === "string" ? `topic ${topic}` : `topic with id ${topic.id}`;
}
