// Plain JavaScript, so that any Node can run it and say what is wrong.
const major = Number(process.versions.node.split(".")[0]);
if (major < 24) {
  console.error(
    `Millrace needs Node 24 or later, and this is Node ${process.versions.node}. ` +
      "`npm ci` brings one along for the common platforms; on others, install it from nodejs.org.",
  );
  process.exit(1);
}
