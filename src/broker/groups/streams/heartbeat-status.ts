/** The numbers of what an answer to a heartbeat can tell besides the assignment (`StreamsGroupHeartbeatResponse.Status`). */
export const statusCodes = {
  staleTopology: 0,
  missingSourceTopics: 1,
  incorrectlyPartitionedTopics: 2,
  missingInternalTopics: 3,
  shutdownApplication: 4,
  assignmentDelayed: 5,
} as const;

/** Something that a member is told with its assignment, or in its place. */
export interface HeartbeatStatus {
  readonly statusCode: number;
  /** For people. */
  readonly statusDetail: string;
}

/** Thrown while a topology is configured that does not fit the topics that there are; caught where that began. */
export class TopologyProblem extends Error {
  readonly status: HeartbeatStatus;

  constructor(code: keyof typeof statusCodes, message: string) {
    super(message);
    this.status = status(code, message);
  }
}

/** Makes a status. */
export function status(code: keyof typeof statusCodes, detail: string): HeartbeatStatus {
  return { statusCode: statusCodes[code], statusDetail: detail };
}
