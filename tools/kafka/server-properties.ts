import { type ClusterPlan, type ClusterSettings, type NodePlan, tlsFiles } from "./cluster-plan.ts";
import type { Properties } from "./properties.ts";
import { scramMechanisms, users } from "./users.ts";

/** Gives the broker properties of one node, those that the settings name last. */
export function serverProperties(plan: ClusterPlan, node: NodePlan): Properties {
  const { sasl = false, tls = false, authorizer = false, properties = {} } = plan.settings;
  return {
    "process.roles": "broker,controller",
    "node.id": node.id,
    "controller.quorum.voters": plan.nodes
      .map(({ id, ports }) => `${id}@127.0.0.1:${ports.CONTROLLER}`)
      .join(","),
    ...listenerProperties(node),
    "log.dirs": node.logDirectory,
    ...replicationProperties(plan.nodes.length),
    "group.initial.rebalance.delay.ms": 0,
    ...(sasl && saslProperties(tls)),
    ...(tls && tlsProperties(plan.directory, plan.settings)),
    ...(authorizer && authorizerProperties),
    ...properties,
  };
}

function listenerProperties({ ports }: NodePlan): Properties {
  const listeners = Object.entries(ports).map(([name, port]) => `${name}://127.0.0.1:${port}`);
  return {
    listeners: listeners.join(","),
    "advertised.listeners": listeners.filter((it) => !it.startsWith("CONTROLLER")).join(","),
    "listener.security.protocol.map": Object.keys(ports)
      .map((name) => `${name}:${name === "CONTROLLER" ? "PLAINTEXT" : name}`)
      .join(","),
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
  };
}

function replicationProperties(nodes: number): Properties {
  const factor = Math.min(nodes, 3);
  const minIsr = Math.min(nodes, 2);
  return {
    "offsets.topic.replication.factor": factor,
    "transaction.state.log.replication.factor": factor,
    "transaction.state.log.min.isr": minIsr,
    "share.coordinator.state.topic.replication.factor": factor,
    "share.coordinator.state.topic.min.isr": minIsr,
  };
}

function saslProperties(tls: boolean): Properties {
  const passwords = users.map(({ name, password }) => `user_${name}="${password}"`).join(" ");
  const plain = `org.apache.kafka.common.security.plain.PlainLoginModule required ${passwords};`;
  const scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;";
  const listeners = tls ? ["sasl_plaintext", "sasl_ssl"] : ["sasl_plaintext"];
  const logins = listeners.flatMap((listener) => [
    [`listener.name.${listener}.plain.sasl.jaas.config`, plain],
    ...scramMechanisms.map((mechanism) => [
      `listener.name.${listener}.${mechanism.toLowerCase()}.sasl.jaas.config`,
      scram,
    ]),
  ]);
  return {
    "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
    ...Object.fromEntries(logins),
  };
}

function tlsProperties(directory: string, settings: ClusterSettings): Properties {
  const { ca, serverStore } = tlsFiles(directory);
  return {
    "ssl.keystore.type": "PEM",
    "ssl.keystore.location": serverStore,
    "ssl.truststore.type": "PEM",
    "ssl.truststore.location": ca,
    "ssl.client.auth": settings.clientAuth ?? "requested",
  };
}

/** Checks ACLs; whoever comes through PLAINTEXT is a super user. */
export const authorizerProperties: Properties = {
  "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
  "allow.everyone.if.no.acl.found": true,
  "super.users": "User:ANONYMOUS;User:admin",
};
