import type { MetadataRecordIn } from "../../protocol/index.ts";
import type { ConfigResource } from "./cluster-image.ts";
import type { MetadataChanges } from "./metadata-changes.ts";

/** What has been set for a resource: names to values. */
export interface ResourceConfigs {
  readonly resource: ConfigResource;
  readonly values: ReadonlyMap<string, string>;
}

interface Entry extends ResourceConfigs {
  readonly values: Map<string, string>;
}

/** The configs that were set for topics, brokers, groups and the like: what replaying ConfigRecords gives. */
export class ConfigsImage {
  readonly #entries = new Map<string, Entry>();

  /** What was set for a resource; undefined where nothing was. */
  of(resource: ConfigResource): ReadonlyMap<string, string> | undefined {
    return this.#entries.get(key(resource))?.values;
  }

  /** All resources for which something was set. */
  all(): Iterable<ResourceConfigs> {
    return this.#entries.values();
  }

  /** Takes in one setting; null takes it away. */
  set(
    resource: ConfigResource,
    name: string,
    value: string | null,
    changes: MetadataChanges,
  ): void {
    const entry = this.#entries.get(key(resource)) ?? { resource, values: new Map() };
    if (value === null) entry.values.delete(name);
    else entry.values.set(name, value);
    if (entry.values.size === 0) this.#entries.delete(key(resource));
    else this.#entries.set(key(resource), entry);
    changes.configChanged(resource);
  }

  /** Forgets all that was set for a resource. */
  remove(resource: ConfigResource): void {
    this.#entries.delete(key(resource));
  }

  /** The records that give this image. */
  *records(): Generator<MetadataRecordIn> {
    for (const { resource, values } of this.#entries.values()) {
      for (const [name, value] of values) yield configRecord(resource, name, value);
    }
  }
}

/** Makes the record of one setting; null takes it away. */
export function configRecord(
  resource: ConfigResource,
  name: string,
  value: string | null,
): MetadataRecordIn {
  const { type: resourceType, name: resourceName } = resource;
  return { name: "ConfigRecord", value: { resourceType, resourceName, name, value } };
}

function key({ type, name }: ConfigResource): string {
  return `${type} ${name}`;
}
