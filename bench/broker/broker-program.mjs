import { Broker } from "millrace/broker";

// JavaScript, and run without the source condition: what is measured is what is published.
const [port, dataDir] = process.argv.slice(2);
const broker = await Broker.start({ port: Number(port), dataDir });
const end = async () => {
  await broker.close();
  process.exit();
};
process.once("SIGTERM", end);
// Not to be left behind by a benchmark that was killed.
process.once("disconnect", end);
