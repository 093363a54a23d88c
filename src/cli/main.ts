#!/usr/bin/env node
// Imports nothing and keeps to old syntax, so that any Node can run it and say what is wrong.
const oldestMajor = 24;

if (Number(process.versions.node.split(".")[0]) < oldestMajor) {
  console.error(
    `millrace needs Node ${oldestMajor} or later, and this is Node ${process.versions.node} (${process.execPath}).\n` +
      `Install a newer one from https://nodejs.org or with your version manager ("nvm install ${oldestMajor}").`,
  );
  process.exitCode = 1;
} else {
  import("./command.ts").then(({ run }) => run(process.argv.slice(2)));
}
