import { describeLosingWorkers } from "../behaviours/losing-workers.ts";
import { PYTHON_V1 } from "../support/client.ts";

describeLosingWorkers(PYTHON_V1);
