import type { MetadataRecord, MetadataRecordIn } from "../../protocol/index.ts";
import { AccessImage } from "./access-image.ts";
import type {
  AclBinding,
  ClusterImage,
  ConfigResource,
  QuotaBinding,
  ScramCredential,
  ScramMechanism,
} from "./cluster-image.ts";
import { ConfigsImage } from "./configs-image.ts";
import type { MetadataChanges } from "./metadata-changes.ts";
import { NodesImage } from "./nodes-image.ts";
import { type TopicState, TopicsImage } from "./topics-image.ts";

const topicResource = 2;

/**
 * The state of the cluster's metadata, which records change one by one. Only the controller may apply
 * any, and only once they are safe.
 */
export class MetadataImage implements ClusterImage {
  readonly topicState = new TopicsImage();
  readonly configState = new ConfigsImage();
  readonly nodes = new NodesImage();
  readonly access = new AccessImage();

  get topics(): ReadonlyMap<string, TopicState> {
    return this.topicState.byName;
  }

  get topicsById(): ReadonlyMap<string, TopicState> {
    return this.topicState.byId;
  }

  get acls(): readonly AclBinding[] {
    return this.access.acls;
  }

  get quotas(): readonly QuotaBinding[] {
    return this.access.quotas;
  }

  get features(): ReadonlyMap<string, number> {
    return this.nodes.features;
  }

  configs(resource: ConfigResource): ReadonlyMap<string, string> | undefined {
    return this.configState.of(resource);
  }

  scramCredential(user: string, mechanism: ScramMechanism): ScramCredential | undefined {
    return this.access.scramUsers.get(user)?.get(mechanism);
  }

  scramUsers(): ReadonlyMap<string, ReadonlyMap<ScramMechanism, ScramCredential>> {
    return this.access.scramUsers;
  }

  /** Takes in one record, and notes what it changes. */
  apply(record: MetadataRecord, changes: MetadataChanges): void {
    switch (record.name) {
      case "TopicRecord":
        this.topicState.addTopic(record.value, changes);
        break;
      case "PartitionRecord":
        this.topicState.addPartition(record.value, changes);
        break;
      case "PartitionChangeRecord":
        this.topicState.changePartition(record.value);
        break;
      case "ClearElrRecord":
        this.topicState.clearElr(record.value.topicName);
        break;
      case "RemoveTopicRecord": {
        const name = this.topicState.removeTopic(record.value, changes);
        // Kafka writes no records for this: who replays a removal forgets the configs too.
        if (name !== undefined) this.configState.remove({ type: topicResource, name });
        break;
      }
      case "ConfigRecord": {
        const { resourceType: type, resourceName, name, value } = record.value;
        this.configState.set({ type, name: resourceName }, name, value, changes);
        break;
      }
      default:
        this.#applyToNodes(record, changes);
        break;
    }
  }

  /** The records that give this image, in the order in which Kafka's snapshots have them. */
  *records(): Generator<MetadataRecordIn> {
    yield* this.nodes.records();
    yield* this.topicState.records();
    yield* this.configState.records();
    yield* this.access.records();
  }

  #applyToNodes(record: MetadataRecord, changes: MetadataChanges): void {
    const { nodes } = this;
    switch (record.name) {
      case "RegisterBrokerRecord":
        nodes.brokers.set(record.value.brokerId, record.value);
        break;
      case "UnregisterBrokerRecord":
        nodes.brokers.delete(record.value.brokerId);
        break;
      case "FenceBrokerRecord":
        nodes.fence(record.value.id, true);
        break;
      case "UnfenceBrokerRecord":
        nodes.fence(record.value.id, false);
        break;
      case "BrokerRegistrationChangeRecord":
        nodes.changeBroker(record.value);
        break;
      case "RegisterControllerRecord":
        nodes.controllers.set(record.value.controllerId, record.value);
        break;
      case "FeatureLevelRecord":
        nodes.setFeature(record.value);
        break;
      case "ProducerIdsRecord":
        nodes.setProducerIds(record.value);
        break;
      default:
        this.#applyToAccess(record, changes);
        break;
    }
  }

  #applyToAccess(record: MetadataRecord, changes: MetadataChanges): void {
    const { access } = this;
    switch (record.name) {
      case "AccessControlEntryRecord":
        access.addAcl(record.value);
        changes.aclsChanged();
        break;
      case "RemoveAccessControlEntryRecord":
        access.removeAcl(record.value.id);
        changes.aclsChanged();
        break;
      case "UserScramCredentialRecord":
        access.setScram(record.value);
        break;
      case "RemoveUserScramCredentialRecord":
        access.removeScram(record.value);
        break;
      case "ClientQuotaRecord":
        access.setQuota(record.value);
        break;
      case "DelegationTokenRecord":
        access.setToken(record.value);
        break;
      case "RemoveDelegationTokenRecord":
        access.removeToken(record.value);
        break;
      default:
        // The rest says nothing of the state: no-ops, the bounds of transactions, ZooKeeper's end.
        break;
    }
  }
}
