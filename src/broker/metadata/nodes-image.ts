import type { MetadataRecord, MetadataRecordIn } from "../../protocol/index.ts";

type ValueOf<Name extends MetadataRecord["name"]> = Extract<
  MetadataRecord,
  { readonly name: Name }
>["value"];

/** A broker as it registered itself last, fenced or not. */
export type BrokerRegistration = ValueOf<"RegisterBrokerRecord">;
/** A controller as it registered itself last. */
export type ControllerRegistration = ValueOf<"RegisterControllerRecord">;

/** The nodes of the cluster and what they have agreed on: what replaying their records gives. */
export class NodesImage {
  readonly brokers = new Map<number, BrokerRegistration>();
  readonly controllers = new Map<number, ControllerRegistration>();
  /** Finalized levels; a feature at level 0 is not there. */
  readonly features = new Map<string, number>();
  /** Ids below this one may be in use. */
  nextProducerId = 0;
  #producerIds: ValueOf<"ProducerIdsRecord"> | undefined;

  setFeature({ name, featureLevel }: ValueOf<"FeatureLevelRecord">): void {
    if (featureLevel === 0) this.features.delete(name);
    else this.features.set(name, featureLevel);
  }

  setProducerIds(record: ValueOf<"ProducerIdsRecord">): void {
    this.#producerIds = record;
    this.nextProducerId = record.nextProducerId;
  }

  fence(brokerId: number, fenced: boolean): void {
    const broker = this.brokers.get(brokerId);
    if (broker !== undefined) this.brokers.set(brokerId, { ...broker, fenced });
  }

  changeBroker(record: ValueOf<"BrokerRegistrationChangeRecord">): void {
    const old = this.brokers.get(record.brokerId);
    if (old === undefined) return;
    this.brokers.set(record.brokerId, {
      ...old,
      fenced: record.fenced === 0 ? old.fenced : record.fenced === 1,
      inControlledShutdown: old.inControlledShutdown || record.inControlledShutdown === 1,
      logDirs: record.logDirs.length === 0 ? old.logDirs : record.logDirs,
      cordonedLogDirs: record.cordonedLogDirs ?? old.cordonedLogDirs,
    });
  }

  /** The records that give this image; the level of the metadata comes first, as readers need it. */
  *records(): Generator<MetadataRecordIn> {
    const isFirst = (name: string) => (name === "metadata.version" ? 0 : 1);
    const features = [...this.features].sort(([a], [b]) => isFirst(a) - isFirst(b));
    for (const [name, featureLevel] of features) {
      yield { name: "FeatureLevelRecord", value: { name, featureLevel } };
    }
    for (const value of this.brokers.values()) yield { name: "RegisterBrokerRecord", value };
    for (const value of this.controllers.values()) {
      yield { name: "RegisterControllerRecord", value };
    }
    if (this.#producerIds !== undefined) {
      yield { name: "ProducerIdsRecord", value: this.#producerIds };
    }
  }
}
