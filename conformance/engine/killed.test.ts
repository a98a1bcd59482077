import { describeEngineRestart } from "../behaviours/engine-restart.ts";

describeEngineRestart("SIGKILL");
