import { describeTransactions } from "./transactions-fixture.ts";

describeTransactions(0);
