import { MillraceError, reasonOf } from "../../errors.ts";
import type { StateStore } from "../stores/state-store.ts";
import type { CacheBudget } from "../stores/store-builder.ts";
import type { SourceNode } from "../topology-node.ts";
import { ActiveTask, type Input } from "./active-task.ts";
import { changelogsOf } from "./changelog-restore.ts";
import { readFailure } from "./error-handlers.ts";
import { sourceOf } from "./input-queue.ts";
import { InputWait } from "./input-wait.ts";
import type { Output } from "./output.ts";
import type { StateDirectory } from "./state-directory.ts";
import type { StreamsSettings } from "./streams-config.ts";
import { Task } from "./task.ts";
import { TaskStates } from "./task-states.ts";
import type { Subtopology, TopologyPlan } from "./topology-plan.ts";

/** What tasks are made of. */
export interface TaskFactoryParts {
  readonly plan: TopologyPlan;
  readonly settings: StreamsSettings;
  readonly directory: StateDirectory;
  readonly output: Output;
  readonly cache: CacheBudget | undefined;
  readonly globalStores: ReadonlyMap<string, StateStore>;
  /** Wakes the thread, since something waits for a task. */
  readonly wake: () => void;
}

/** Makes the tasks of one thread: knows which sub-topology reads a topic, and opens what a task needs. */
export class TaskFactory {
  readonly subtopologies: readonly Subtopology[];
  readonly #parts: TaskFactoryParts;
  readonly #byTopic = new Map<string, Subtopology>();

  constructor(parts: TaskFactoryParts) {
    this.#parts = parts;
    this.subtopologies = parts.plan.subtopologies();
  }

  /** The id of the task that a partition is read by: "0_3" is partition 3 of sub-topology 0. */
  taskIdOf({ topic, partition }: Input): string {
    return `${this.#subtopologyOf(topic).id}_${partition}`;
  }

  /** The source that reads a topic. */
  sourceOf(topic: string): SourceNode {
    return sourceOf(topic, this.#subtopologyOf(topic), this.#parts.plan) as SourceNode;
  }

  /** Whether a topic is one of the application's own, by which it repartitions. */
  isRepartitionTopic(topic: string): boolean {
    return this.#subtopologyOf(topic).repartitionTopics.some(({ name }) => name === topic);
  }

  /** Opens the state of the task that reads these partitions, and makes it: its stores are to be restored next. */
  async make(inputs: readonly [Input, ...Input[]]): Promise<ActiveTask> {
    const { plan, settings, directory, output, cache, globalStores } = this.#parts;
    const [{ topic, partition }] = inputs;
    const subtopology = this.#subtopologyOf(topic);
    const taskId = `${subtopology.id}_${partition}`;
    const states = await TaskStates.open({
      stores: subtopology.stores,
      directory: directory.taskDirectory(taskId),
      engine: settings.storeEngine,
    });
    try {
      const { clock } = settings.host;
      const { memory, persistent, engines } = states;
      const task = new Task({
        ...{ plan, subtopology, partition, inputs, output, cache, globalStores },
        ...{ memory, persistent, engines },
        host: settings.host,
        onDropped: settings.onDropped,
        onReady: this.#parts.wake,
        wallClock: () => clock.now(),
        configs: settings.configs,
        timestampExtractor: settings.timestampExtractor,
        onReadFailure: readFailure(settings, taskId, (from) => this.sourceOf(from).name),
        onProcessingFailure: this.#processingFailure(),
      });
      const changelogs = changelogsOf(task, plan, subtopology, states);
      return new ActiveTask(
        task,
        states,
        inputs,
        changelogs,
        new InputWait(settings.maxTaskIdleMs),
      );
    } catch (error) {
      await states.close();
      throw error;
    }
  }

  /** Undefined where every failure is to stop the application. */
  #processingFailure() {
    const { processingExceptionHandler: decide, logger } = this.#parts.settings;
    if (!decide) return undefined;
    return (failure: Parameters<typeof decide>[0]) => {
      const decision = decide(failure);
      if (decision === "continue") {
        const { node, taskId, record, error } = failure;
        const fields = { node, taskId, ...record, error: reasonOf(error) };
        logger.warn(fields, "a record that a node failed at was left out");
      }
      return decision;
    };
  }

  #subtopologyOf(topic: string): Subtopology {
    let found = this.#byTopic.get(topic);
    if (found) return found;
    // A topic that one source names matches no pattern of another's.
    found =
      this.subtopologies.find(({ sourceTopics }) => sourceTopics.includes(topic)) ??
      this.subtopologies.find((one) => sourceOf(topic, one, this.#parts.plan));
    if (!found) {
      const message = `the topic ${topic} was assigned, which this topology does not read: do all instances of ${this.#parts.settings.applicationId} run the same topology?`;
      throw new MillraceError("INVALID_STATE", message);
    }
    this.#byTopic.set(topic, found);
    return found;
  }
}
