/** Whether two types are the same, and not only assignable to one another: `true satisfies Same<typeof x, Y>`. */
export type Same<One, Other> =
  (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false;
