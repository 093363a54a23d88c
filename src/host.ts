import { type Clock, systemClock } from "./clock.ts";
import { type Network, systemNetwork } from "./network.ts";
import { type Random, systemRandom } from "./random.ts";

/** What a program takes from the machine it runs on: time, chance and the network. */
export interface Host {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
}

/** The machine itself. A simulation passes another. */
export const systemHost: Host = {
  clock: systemClock,
  random: systemRandom,
  network: systemNetwork,
};
