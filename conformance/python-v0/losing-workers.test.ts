import { describeLosingWorkers } from "../behaviours/losing-workers.ts";
import { PYTHON_V0 } from "../support/client.ts";

describeLosingWorkers(PYTHON_V0);
