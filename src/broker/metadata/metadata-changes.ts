import type { ConfigResource } from "./cluster-image.ts";

/** What a listener is told after the metadata has changed. */
export interface MetadataDelta {
  readonly createdTopics: readonly string[];
  readonly deletedTopics: readonly { readonly name: string; readonly id: string }[];
  /** Topics that have more partitions than before. */
  readonly grownTopics: readonly string[];
  readonly changedConfigs: readonly ConfigResource[];
  readonly areAclsChanged: boolean;
}

/** Gathers what a set of records changes, while the image takes them in. */
export class MetadataChanges {
  readonly #created = new Set<string>();
  readonly #deleted = new Map<string, string>();
  readonly #grown = new Set<string>();
  readonly #configs = new Map<string, ConfigResource>();
  #areAclsChanged = false;

  topicCreated(name: string): void {
    this.#created.add(name);
  }

  topicDeleted(name: string, id: string): void {
    this.#grown.delete(name);
    // What came and went within one step was never there for anyone.
    if (!this.#created.delete(name)) this.#deleted.set(id, name);
  }

  partitionAdded(topic: string): void {
    if (!this.#created.has(topic)) this.#grown.add(topic);
  }

  configChanged(resource: ConfigResource): void {
    this.#configs.set(`${resource.type} ${resource.name}`, resource);
  }

  aclsChanged(): void {
    this.#areAclsChanged = true;
  }

  /** What has been gathered. */
  delta(): MetadataDelta {
    return {
      createdTopics: [...this.#created],
      deletedTopics: Array.from(this.#deleted, ([id, name]) => ({ name, id })),
      grownTopics: [...this.#grown],
      changedConfigs: [...this.#configs.values()],
      areAclsChanged: this.#areAclsChanged,
    };
  }
}
