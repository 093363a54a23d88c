import type { CaseFunction } from "./case.ts";

/** What a case's functions work on. */
export type Value = string | number | null;

/** Whether keys and values are text or int64. */
export type Type = "string" | "long";

/** Gives a value's new value. */
export function valueFunction([name, constant]: CaseFunction): (value: Value) => Value {
  const functions: { readonly [name: string]: (value: string | number) => Value } = {
    upper: (value) => `${value}`.toUpperCase(),
    append: (value) => `${value}${constant}`,
    length: (value) => `${value}`.length,
    nullIf: (value) => (value === constant ? null : value),
    text: (value) => `${value}`,
    failOn: (value) => {
      if (`${value}`.includes(`${constant}`)) throw new Error("as the case says");
      return value;
    },
  };
  const apply = known(functions, name);
  return (value) => (value === null ? null : apply(value));
}

/** The type of what a value function gives. */
export function valueType([name]: CaseFunction, from: Type): Type {
  if (name === "length") return "long";
  return name === "nullIf" || name === "failOn" ? from : "string";
}

/** Whether something is true of a record. */
export function predicate([name, constant]: CaseFunction): (value: Value, key: Value) => boolean {
  const predicates: { readonly [name: string]: (value: Value, key: Value) => boolean } = {
    contains: (value) => value !== null && `${value}`.includes(`${constant}`),
    longer: (value) => value !== null && `${value}`.length > Number(constant),
    keyIs: (_value, key) => key !== null && key === constant,
    even: (value) => value !== null && Number(value) % 2 === 0,
  };
  return known(predicates, name);
}

/** A record's new key. */
export function keyFunction([name, constant]: CaseFunction): (value: Value, key: Value) => Value {
  const functions: { readonly [name: string]: (value: Value, key: Value) => Value } = {
    value: (value) => (value === null ? null : `${value}`),
    first: (value) => (value === null ? null : first(value)),
    constant: () => `${constant}`,
    key: (_value, key) => key,
  };
  return known(functions, name);
}

/** The type of the keys that a key function gives. */
export function keyType([name]: CaseFunction, key: Type): Type {
  return name === "key" ? key : "string";
}

/** A record's new key and value. */
export function pairFunction([name]: CaseFunction): (
  value: Value,
  key: Value,
) => readonly [Value, Value] {
  const functions: {
    readonly [name: string]: (value: string | number, key: Value) => readonly [Value, Value];
  } = {
    swap: (value, key) => [`${value}`, `${key}`],
    firstAndValue: (value) => [first(value), value],
  };
  const apply = known(functions, name);
  return (value, key) => (value === null ? [key, null] : apply(value, key));
}

/** The type of the values that a pair function gives. */
export function pairValueType([name]: CaseFunction, value: Type): Type {
  return name === "swap" ? "string" : value;
}

/** The parts of a value. */
export function split([, separator]: CaseFunction, value: Value): string[] {
  return value === null ? [] : `${value}`.split(`${separator}`);
}

/** One value of two. */
export function joiner([name]: CaseFunction): (left: Value, right: Value, key: Value) => string {
  return (left, right, key) =>
    name === "pairKey" ? `${key}:${left}/${right}` : `${left}/${right}`;
}

/** An aggregate with one value more, or with `take` one less. */
export function aggregator(
  fn: CaseFunction | undefined,
): (aggregate: Value, value: Value) => string {
  const sign = fn?.[0] === "take" ? "-" : "+";
  return (aggregate, value) => `${aggregate}${sign}${value}`;
}

/** Two values as one, or with `cut` one less. */
export function reducer(fn: CaseFunction | undefined): (aggregate: Value, value: Value) => string {
  const sign = fn?.[0] === "cut" ? "~" : ",";
  return (aggregate, value) => `${aggregate}${sign}${value}`;
}

function first(value: string | number): string | null {
  const text = `${value}`;
  return text === "" ? null : text.charAt(0);
}

function known<T>(functions: { readonly [name: string]: T }, name: string): T {
  const found = functions[name];
  if (found === undefined) throw new Error(`the format has no function ${name} here`);
  return found;
}
