/** An operator of a case, as the format has it; which fields there are depends on `op`. */
export interface CaseOperator {
  readonly op: string;
  readonly id?: string;
  readonly of?: string;
  readonly with?: string;
  readonly name?: string;
  readonly store?: string;
  readonly cache?: boolean;
  readonly log?: boolean;
  readonly kind?: "memory" | "persistent" | "versioned";
  readonly history?: number;
  readonly topic?: string;
  readonly topics?: readonly string[];
  /** What the names of topics have to match, in place of a list of them. */
  readonly pattern?: string;
  /** Gives the topic of each record, in place of a name. */
  readonly topicOf?: CaseFunction;
  readonly key?: "string" | "long";
  readonly value?: "string" | "long";
  readonly fn?: CaseFunction;
  readonly sub?: CaseFunction;
  readonly foreignKey?: CaseFunction;
  readonly joiner?: CaseFunction;
  readonly branches?: readonly {
    readonly id: string;
    readonly fn: CaseFunction;
    readonly name?: string;
  }[];
  readonly default?: string | null;
  readonly partitions?: number;
  readonly size?: number;
  readonly advance?: number;
  readonly grace?: number;
  readonly difference?: number;
  readonly gap?: number;
  readonly strategy?: "update" | "close";
  readonly inputs?: readonly { readonly of: string; readonly fn: CaseFunction }[];
  readonly until?: "windowClose" | number;
  readonly maxRecords?: number;
  readonly maxBytes?: number;
  /** What a full buffer does; bounds are left out for one that waits for windows to close, unless this is there. */
  readonly full?: "shutDown" | "emitEarly";
  readonly retention?: number;
  readonly before?: number;
  readonly after?: number;
  /** Of unlimited windows. */
  readonly start?: number;
  readonly extractor?: "digits" | "next";
  /** A store that a processor uses, which something else brought along. */
  readonly uses?: string;
  readonly parents?: readonly string[];
  readonly processors?: readonly string[];
  readonly stores?: readonly string[];
}

/** A function by its name and constants. */
export type CaseFunction = readonly [name: string, ...constants: (string | number)[]];

/** A key or value as cases have it: a `long` is a number. */
export type CaseValue = string | number | null;

/** What is done to the driver. */
export type CaseInput =
  | {
      readonly topic: string;
      readonly key: CaseValue;
      readonly value: CaseValue;
      readonly ts: number;
      readonly headers?: readonly (readonly [string, string])[];
    }
  | {
      readonly topic: string;
      readonly key: string;
      /** The value's bytes, which may make no sense. */
      readonly hex: string;
      readonly ts: number;
    }
  | { readonly wallClock: number };

/** A record of the answer; those of internal topics are in hex. */
export interface AnsweredRecord {
  readonly topic: string;
  readonly key: CaseValue;
  readonly value: CaseValue;
  readonly ts: number | null;
  readonly headers: readonly (readonly [string, string | null])[];
}

/** What an engine makes of a case. */
export interface CaseAnswer {
  readonly describe?: string;
  readonly output?: readonly AnsweredRecord[];
  readonly stores?: { readonly [store: string]: readonly (readonly CaseValue[])[] };
  readonly error?: "build" | "process" | null;
  readonly message?: string;
}

/** One case: see the format in `test/parity/README.md`. */
export interface Case {
  readonly name: string;
  readonly config?: { readonly [name: string]: string };
  readonly topology: readonly CaseOperator[];
  readonly input: readonly CaseInput[];
  readonly answer: CaseAnswer;
}
