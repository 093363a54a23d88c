import { suiteOf, usualScenarios } from "./foreign-client.ts";
import { goProgram, goToolChain } from "./go-program.ts";

suiteOf({
  name: "franz-go",
  toolChain: goToolChain,
  prepare: () => goProgram("franz"),
  scenarios: usualScenarios,
});
