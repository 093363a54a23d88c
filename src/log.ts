/**
 * Where messages go that are worth an operator's attention. A pino logger fits as it is: fields
 * first, then the sentence.
 */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Keeps quiet: the default of everything that takes a {@link Logger}. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
};

/** Writes one line a message to standard error, for programs that bring no logger of their own. */
export const consoleLogger: Logger = {
  debug() {},
  info: (fields, message) => console.error(line("info", fields, message)),
  warn: (fields, message) => console.error(line("warn", fields, message)),
  error: (fields, message) => console.error(line("error", fields, message)),
};

function line(level: string, fields: object, message: string): string {
  const details = Object.entries(fields).map(([name, value]) => ` ${name}=${String(value)}`);
  return `${level} ${message}${details.join("")}`;
}
