import { describeLosingWorkers } from "../behaviours/losing-workers.ts";
import { OURS } from "../support/client.ts";

describeLosingWorkers(OURS);
