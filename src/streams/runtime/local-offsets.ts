import type { StoreEngine } from "../stores/engine.ts";
import type { StateDirectory } from "./state-directory.ts";
import { TaskStates } from "./task-states.ts";
import type { TopologyPlan } from "./topology-plan.ts";

/**
 * How far the state of each task on this instance's disk goes: what the leader of the group is told, so that
 * tasks go where least has to be restored.
 */
export class LocalOffsets {
  /** By task: the sum of its changelogs' offsets. Tasks without state are left out. */
  readonly sums = new Map<string, number>();

  /** Reads what earlier runs have left. */
  static async read(
    directory: StateDirectory,
    plan: TopologyPlan,
    engine: StoreEngine,
  ): Promise<LocalOffsets> {
    const offsets = new LocalOffsets();
    const subtopologies = new Map(plan.subtopologies().map((one) => [`${one.id}`, one]));
    for (const taskId of directory.taskIds()) {
      const [id = ""] = taskId.split("_");
      const stores = subtopologies.get(id)?.stores;
      if (!stores) continue;
      const path = directory.pathOf(taskId);
      const states = await TaskStates.open({ stores, directory: path, engine });
      offsets.note(taskId, states);
      await states.close();
    }
    return offsets;
  }

  /** Takes note of a task's state as it is committed now. */
  note(taskId: string, states: TaskStates): void {
    const offsets = [...states.offsets().values()];
    if (offsets.length === 0) this.sums.delete(taskId);
    else
      this.sums.set(
        taskId,
        offsets.reduce((sum, offset) => sum + offset, 0),
      );
  }
}
