import { engineSuite } from "../../../test/engine-suite.ts";
import { memoryEngine } from "./memory.ts";

engineSuite(memoryEngine);
