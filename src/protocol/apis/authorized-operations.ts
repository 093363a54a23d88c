/**
 * Stands in answers for the bit set of the operations that the caller may do, where the request
 * did not ask for it (KIP-430).
 */
export const operationsNotAsked: number = -(2 ** 31);
