import { brokerErrorNumber } from "../../broker-error-code.ts";
import { ListGroups } from "../../protocol/index.ts";
import type { Group } from "../groups/group.ts";
import { groupErrorOf } from "../groups/group-error.ts";
import { handler } from "./handler.ts";

/** Versions 0 to 5. Filters of states and types do not tell upper from lower case; unknown ones match nothing. */
export const listGroups = handler(ListGroups, (request, context, { groups }) => {
  const states = new Set(request.statesFilter.map((state) => state.toLowerCase().trim()));
  const types = new Set(request.typesFilter.map((type) => type.toLowerCase()));
  const mayListAll = context.isAllowed("DESCRIBE", "CLUSTER", "kafka-cluster");
  const isListed = ({ id, state, type }: Group) =>
    (states.size === 0 || states.has(state.toLowerCase())) &&
    (types.size === 0 || types.has(type)) &&
    (mayListAll || context.isAllowed("DESCRIBE", "GROUP", id));
  try {
    const listed = [...groups.groups()].filter(isListed).map((group) => ({
      groupId: group.id,
      protocolType: group.protocolType,
      groupState: group.state,
      groupType: group.type,
    }));
    return { errorCode: 0, groups: listed };
  } catch (error) {
    return { errorCode: brokerErrorNumber(groupErrorOf(error)), groups: [] };
  }
});
