import { countingApp } from "./counting-app.ts";

/** Runs an instance until the process is killed, and says when it runs. */
const [applicationId = "", bootstrapServers = "", stateDir = ""] = process.argv.slice(2);
const app = countingApp(applicationId, bootstrapServers, stateDir);
await app.start();
await app.untilRunning();
process.stdout.write("running\n");
await app.untilStopped();
