import { int64, json, type KStream, type KTable, string } from "millrace";
import { type User, users } from "./program.ts";
import type { Same } from "./same.ts";

const abroad = users.filter((user, key) => user.city !== key, { store: "abroad" });
true satisfies Same<typeof abroad, KTable<string, User>>;
const home = users.filterNot((user) => user.city !== "here");
true satisfies Same<typeof home, KTable<string, User>>;
const names = users.mapValues((user) => user.name, { store: "names", value: string });
true satisfies Same<typeof names, KTable<string, string>>;
// A row that is mapped to null is left out.
const some = users.mapValues((user) => (user.city === "here" ? user.name : null));
true satisfies Same<typeof some, KTable<string, string>>;
const changes = users.toStream();
true satisfies Same<typeof changes, KStream<string, User | null>>;
const calm = users.suppress({ until: { seconds: 5 }, maxRecords: 100 });
true satisfies Same<typeof calm, KTable<string, User>>;
const lengths = users.transformValues(() => ({
  transform: (value) => {
    true satisfies Same<typeof value, User | null>;
    return value?.name.length ?? 0;
  },
}));
true satisfies Same<typeof lengths, KTable<string, number>>;

// @ts-expect-error a predicate says yes or no
users.filter((user) => user.city);
// @ts-expect-error the store would hold other values
users.filter(() => true, { store: "abroad", value: int64 });
// @ts-expect-error the serde is for other values
users.mapValues((user) => user.name, { value: int64 });
// @ts-expect-error deletions have no value
users.toStream().mapValues((user) => user.name);
// @ts-expect-error rows can be deleted
users.toStream().foreach((user) => user.city);
// @ts-expect-error the table has no windows that could close
users.suppress({ until: "window-close" });
users.transformValues(() => ({
  // @ts-expect-error deletions have no value
  transform: (value) => value.name,
}));
// @ts-expect-error the serde is for other values
users.transformValues(() => ({ transform: () => 3 }), { value: json<User>() });
