import { describeTransactions } from "./transactions-fixture.ts";

describeTransactions(2);
