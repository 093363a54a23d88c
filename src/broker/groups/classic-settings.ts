import type { Controller } from "../metadata/controller.ts";
import type { ClassicSettings } from "./classic-member.ts";

/** Reads the settings of classic groups from those of the broker. */
export function classicSettings(controller: Pick<Controller, "brokerConfig">): ClassicSettings {
  const number = (name: string) => Number(controller.brokerConfig(name));
  return {
    sessionTimeoutMs: {
      min: number("group.min.session.timeout.ms"),
      max: number("group.max.session.timeout.ms"),
    },
    initialRebalanceDelayMs: number("group.initial.rebalance.delay.ms"),
    maxSize: number("group.max.size"),
  };
}
