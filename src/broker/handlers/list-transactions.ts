import { ListTransactions } from "../../protocol/index.ts";
import { topicPattern } from "../groups/consumer/topic-pattern.ts";
import { type Transaction, transactionStateNumber } from "../transactions/transaction.ts";
import { handler } from "./handler.ts";

type Request = ReturnType<typeof ListTransactions.request.decode>;

/** States that Kafka knows and that no transaction is ever seen in. */
const unseenStates = ["Dead", "PrepareEpochFence"];

/** Versions 0 to 2. */
export const listTransactions = handler(
  ListTransactions,
  (request, context, { transactions, host }) => {
    const isListed = filter(request, host.clock.now());
    const transactionStates = [];
    for (const transaction of transactions.all()) {
      if (!isListed(transaction)) continue;
      const { transactionalId, producerId, state } = transaction;
      if (!context.isAllowed("DESCRIBE", "TRANSACTIONAL_ID", transactionalId)) continue;
      transactionStates.push({ transactionalId, producerId, transactionState: state });
    }
    const unknownStateFilters = request.stateFilters.filter((name) => !isState(name));
    return { throttleTimeMs: 0, errorCode: 0, unknownStateFilters, transactionStates };
  },
  undefined,
  (errorCode) => ({
    throttleTimeMs: 0,
    errorCode,
    unknownStateFilters: [],
    transactionStates: [],
  }),
);

function isState(name: string): boolean {
  return Object.hasOwn(transactionStateNumber, name) || unseenStates.includes(name);
}

/** Whether a transaction passes all filters. Throws INVALID_REGULAR_EXPRESSION. */
function filter(
  { producerIdFilters, stateFilters, durationFilter, transactionalIdPattern }: Request,
  now: number,
): (transaction: Transaction) => boolean {
  const producerIds = new Set(producerIdFilters);
  const states = new Set(stateFilters);
  const fits = transactionalIdPattern ? topicPattern(transactionalIdPattern) : () => true;
  return ({ producerId, state, startedAt, transactionalId }) => {
    if (producerIds.size > 0 && !producerIds.has(producerId)) return false;
    if (states.size > 0 && !states.has(state)) return false;
    if (durationFilter >= 0 && now - startedAt <= durationFilter) return false;
    return fits(transactionalId);
  };
}
