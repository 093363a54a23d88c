/** What a member is known by; the generation is −1 and the id may be empty while it is outside. */
export interface Identity {
  readonly memberId: string;
  readonly generationId: number;
  /** The assignor that the group has agreed on; undefined while outside. */
  readonly protocolName: string | undefined;
}

/** Another member, as JoinGroup describes it to the leader. */
export interface JoinedMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  /** Its subscription, encoded. */
  readonly metadata: Buffer;
}

/** What JoinGroup brought. */
export interface JoinAnswer {
  readonly memberId: string;
  readonly generationId: number;
  readonly protocolName: string;
  readonly isLeader: boolean;
  /** Whether the leader, a static member that has returned, is to leave the assignment as it is (KIP-814). */
  readonly skipAssignment: boolean;
  /** All members, for the leader. */
  readonly members: readonly JoinedMember[];
}

/** The bytes that one member is assigned. */
export interface MemberAssignment {
  readonly memberId: string;
  readonly assignment: Buffer;
}

/** What a classic member asks for. `attempt` marks the try to enter that a request belongs to. */
export type ClassicRequest =
  | {
      readonly ask: "join";
      readonly attempt: number;
      readonly memberId: string;
      /** The assignors, the preferred ones first, and what each has to tell the leader. */
      readonly protocols: readonly { readonly name: string; readonly metadata: Buffer }[];
      readonly reason: string;
    }
  /** Work out what everyone gets: the leader's part. */
  | { readonly ask: "lead"; readonly attempt: number; readonly join: JoinAnswer }
  | {
      readonly ask: "sync";
      readonly attempt: number;
      readonly identity: Identity;
      readonly assignments: readonly MemberAssignment[];
    }
  | { readonly ask: "heartbeat"; readonly identity: Identity }
  | { readonly ask: "leave"; readonly memberId: string };

/** What came of a {@link ClassicRequest}. */
export type ClassicAnswer =
  | { readonly type: "joined"; readonly attempt: number; readonly join: JoinAnswer }
  | {
      readonly type: "led";
      readonly attempt: number;
      readonly assignments: readonly MemberAssignment[];
      /** How many partitions each topic of the group had. */
      readonly partitionCounts: ReadonlyMap<string, number>;
    }
  | { readonly type: "synced"; readonly attempt: number; readonly assignment: Buffer }
  /** Entering failed at some stage. */
  | {
      readonly type: "not-joined";
      readonly attempt: number;
      readonly error: Error;
      /** The id that the coordinator wants the member to use. */
      readonly memberId?: string | undefined;
    }
  | {
      readonly type: "heard";
      readonly identity: Identity;
      /** Undefined when all is well. */
      readonly error: Error | undefined;
    }
  | { readonly type: "left" };
