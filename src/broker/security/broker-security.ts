import type { Clock } from "../../clock.ts";
import { MillraceError } from "../../errors.ts";
import type { Random } from "../../random.ts";
import type { ScramMechanism } from "../metadata/cluster-image.ts";
import type { Controller } from "../metadata/controller.ts";
import { resourceType } from "../metadata/effective-configs.ts";
import type { NewAuthentication } from "../server/authentication.ts";
import type { BrokerSettings } from "../settings.ts";
import { AclAuthorizer } from "./acl-authorizer.ts";
import { type Authorizer, openAuthorizer } from "./authorizer.ts";
import { usersOfJaas } from "./jaas.ts";
import { PlainExchange } from "./plain-exchange.ts";
import { SaslAuthentication } from "./sasl-authentication.ts";
import type { SaslExchange } from "./sasl-exchange.ts";
import { SaslUsers } from "./sasl-users.ts";
import { ScramExchange } from "./scram-exchange.ts";

/** What security goes by. */
export interface SecurityOptions {
  readonly settings: BrokerSettings;
  readonly controller: Controller;
  readonly clock: Clock;
  readonly random: Random;
}

const standardAuthorizer = "org.apache.kafka.metadata.authorizer.StandardAuthorizer";
const scramMechanisms: readonly ScramMechanism[] = ["SCRAM-SHA-256", "SCRAM-SHA-512"];
const nonceBytes = 24;

/** Whether access is checked at all (`authorizer.class.name`). */
export function hasAuthorizer(controller: Controller): boolean {
  return controller.brokerConfig("authorizer.class.name") !== "";
}

/**
 * The authorizer that `authorizer.class.name` asks for: Kafka's StandardAuthorizer, which goes by the
 * access control list, or none. Throws a {@link MillraceError} INVALID_ARGUMENT for any other class.
 */
export function newAuthorizer(controller: Controller): Authorizer {
  if (!hasAuthorizer(controller)) return openAuthorizer;
  const className = controller.brokerConfig("authorizer.class.name");
  if (className !== standardAuthorizer) {
    const message = `authorizer.class.name is ${className}, where only ${standardAuthorizer} is known`;
    throw new MillraceError("INVALID_ARGUMENT", message);
  }
  const superUsers = new Set(
    controller
      .brokerConfig("super.users")
      .split(";")
      .map((name) => name.trim())
      .filter((name) => name !== ""),
  );
  const allowsIfNoAcl = controller.brokerConfig("allow.everyone.if.no.acl.found") === "true";
  const authorizer = new AclAuthorizer({ superUsers, allowsIfNoAcl }, controller.image.acls);
  controller.addListener({
    changed: ({ areAclsChanged }) => {
      if (areAclsChanged) authorizer.replace(controller.image.acls);
    },
  });
  return authorizer;
}

/**
 * Makes the authentications of connections to SASL listeners. Throws a {@link MillraceError}
 * INVALID_ARGUMENT for a `sasl.jaas.config` that is malformed, and for a listener without any mechanism.
 */
export function newAuthentications(options: SecurityOptions): NewAuthentication {
  const { settings, controller, clock } = options;
  const makers = new Map<string, () => SaslAuthentication>();
  for (const { name, protocol } of settings.listeners) {
    if (protocol !== "SASL_PLAINTEXT" && protocol !== "SASL_SSL") continue;
    const lookup = listenerConfigs(controller, name);
    const mechanisms = mechanismsOf(name, lookup, options);
    const failureDelayMs = Number(lookup("connection.failed.authentication.delay.ms"));
    makers.set(name, () => {
      const maxReauthMs = (mechanism: string) =>
        Number(lookup("connections.max.reauth.ms", mechanism));
      return new SaslAuthentication({ clock, mechanisms, maxReauthMs, failureDelayMs });
    });
  }
  return ({ listenerName }) => {
    const make = makers.get(listenerName);
    if (make === undefined) throw new Error(`the listener ${listenerName} has no SASL`);
    return make();
  };
}

type Lookup = (config: string, mechanism?: string) => string;

/** A listener's own value of a config, for one mechanism first, else that of all listeners. */
function listenerConfigs(controller: Controller, listenerName: string): Lookup {
  const prefix = `listener.name.${listenerName.toLowerCase()}.`;
  return (config, mechanism = "") => {
    const ofMechanism = givenConfig(controller, `${prefix}${mechanism.toLowerCase()}.${config}`);
    const ofListener = ofMechanism ?? givenConfig(controller, `${prefix}${config}`);
    return ofListener ?? controller.brokerConfig(config);
  };
}

/** What somebody has set a config to, for this broker, for all, or at its start. */
function givenConfig({ image, nodeId, configs }: Controller, name: string): string | undefined {
  const ofBroker = (broker: string) => image.configs({ type: resourceType.broker, name: broker });
  return (
    ofBroker(String(nodeId))?.get(name) ?? ofBroker("")?.get(name) ?? configs.statics.get(name)
  );
}

/**
 * The mechanisms of `sasl.enabled.mechanisms` that there are. Where it is left at Kafka's default, which
 * is Kerberos alone: SCRAM, and PLAIN if users were given with their passwords.
 */
function mechanismsOf(
  listenerName: string,
  lookup: Lookup,
  { settings, controller, random }: SecurityOptions,
): ReadonlyMap<string, () => SaslExchange> {
  const jaas = lookup("sasl.jaas.config", "PLAIN");
  const passwords = new Map([...(settings.saslUsers ?? []), ...(jaas ? usersOfJaas(jaas) : [])]);
  const users = new SaslUsers({ passwords, image: controller.image, random });
  const all = new Map<string, () => SaslExchange>();
  all.set("PLAIN", () => new PlainExchange((user) => users.passwordOf(user)));
  for (const mechanism of scramMechanisms) {
    const credentialOf = (user: string) => users.credentialOf(user, mechanism);
    all.set(mechanism, () => {
      return new ScramExchange({ mechanism, credentialOf, nonce: random.bytes(nonceBytes) });
    });
  }
  const asked = lookup("sasl.enabled.mechanisms")
    .split(",")
    .map((name) => name.trim());
  const names = asked.join() === "GSSAPI" ? [...all.keys()] : asked;
  const isServed = (name: string) =>
    names.includes(name) && (name !== "PLAIN" || asked.includes(name) || users.hasPasswords);
  const enabled = new Map([...all].filter(([name]) => isServed(name)));
  if (enabled.size > 0) return enabled;
  const message = `listener ${listenerName} has none of the mechanisms ${[...all.keys()].join(", ")} in sasl.enabled.mechanisms`;
  throw new MillraceError("INVALID_ARGUMENT", message);
}
