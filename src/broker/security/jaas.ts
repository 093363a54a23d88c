import { MillraceError } from "../../errors.ts";

const tokenForm = /\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([\w$.-]+)|(=)|(;)|(\S))/gy;
const plainModule = "org.apache.kafka.common.security.plain.PlainLoginModule";
const userPrefix = "user_";

/**
 * The users and passwords in the value of a `plain.sasl.jaas.config`: the options `user_<name>="<password>"`
 * of its PlainLoginModule. Throws a {@link MillraceError} INVALID_ARGUMENT where the text has another form.
 */
export function usersOfJaas(text: string): Map<string, string> {
  const users = new Map<string, string>();
  const words = wordsOf(text);
  let at = 0;
  while (at < words.length) {
    const end = words.indexOf(";", at);
    if (end < 0) throw malformed("an entry does not end in a semicolon");
    const [module, flag, ...options] = words.slice(at, end);
    if (module === undefined || flag === undefined) throw malformed("module or flag is missing");
    if (module === plainModule) takeUsers(options, users);
    at = end + 1;
  }
  return users;
}

function takeUsers(options: readonly string[], users: Map<string, string>): void {
  for (let at = 0; at < options.length; at += 3) {
    const [name, equals, value] = options.slice(at, at + 3);
    if (name === undefined || equals !== "=" || value === undefined) {
      throw malformed("an option is not of the form name=value");
    }
    if (name.startsWith(userPrefix)) users.set(name.slice(userPrefix.length), value);
  }
}

function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (const [, double, single, word, equals, semicolon, other] of text
    .trim()
    .matchAll(tokenForm)) {
    if (other !== undefined) throw malformed(`the character ${other} has no meaning there`);
    const quoted = double ?? single;
    words.push(quoted?.replaceAll(/\\(.)/g, "$1") ?? word ?? equals ?? semicolon ?? "");
  }
  return words;
}

function malformed(reason: string): MillraceError {
  return new MillraceError("INVALID_ARGUMENT", `a sasl.jaas.config is malformed: ${reason}`);
}
