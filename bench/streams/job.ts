import type { Serde, StreamsBuilder } from "millrace";

/** What an application does in a benchmark: one file in `bench/streams/jobs` each, and a class beside it in Java. */
export interface Job {
  /**
   * What must be equal in the outputs of all engines: their records, in any order, or only the last of each
   * key, where caches swallow some of those before.
   */
  readonly compares: "records" | "last";
  /** Adds what leads from the input topic, read with these serdes, to the output topic. */
  build(
    builder: StreamsBuilder,
    topics: { readonly input: string; readonly output: string },
    consumed: { readonly key: Serde<string>; readonly value: Serde<string> },
  ): void;
  /** The same with no streams library, for engines that are a loop around a client. */
  readonly byHand?: ByHand | undefined;
}

/** A job as a loop that takes record by record. */
export interface ByHand {
  /** Whether what is emitted is the new value of a row, which an engine that can lose nothing also logs. */
  readonly hasState: boolean;
  /** What is done with each record. */
  start(): (
    key: string,
    value: string,
    emit: (key: string, value: string | Buffer) => void,
  ) => void;
}

/** Finds a job by its name. */
export async function jobNamed(name: string): Promise<Job> {
  const { job }: { readonly job: Job } = await import(`./jobs/${name}.ts`);
  return job;
}
