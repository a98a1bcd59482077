import { describeEngineRestart } from "../behaviours/engine-restart.ts";

describeEngineRestart("SIGTERM");
