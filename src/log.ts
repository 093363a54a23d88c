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

/** How much is said: everything from this level on. */
export type LogLevel = (typeof logLevels)[number];

/** All levels, the one that says most first. */
export const logLevels = ["debug", "info", "warn", "error", "silent"] as const;

/** Writes one line a message to standard error from a level on, for programs that bring no logger of their own. */
export function consoleLoggerFrom(level: LogLevel): Logger {
  const write = (own: LogLevel) => {
    if (logLevels.indexOf(own) < logLevels.indexOf(level)) return () => {};
    return (fields: object, message: string) => console.error(line(own, fields, message));
  };
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
  };
}

/** Writes to standard error all that is not there for debugging alone; see {@link consoleLoggerFrom}. */
export const consoleLogger: Logger = consoleLoggerFrom("info");

function line(level: string, fields: object, message: string): string {
  const details = Object.entries(fields).map(([name, value]) => ` ${name}=${String(value)}`);
  return `${level} ${message}${details.join("")}`;
}
