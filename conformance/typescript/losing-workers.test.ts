import { describeLosingWorkers } from "../behaviours/losing-workers.ts";
import { TYPESCRIPT } from "../support/client.ts";

describeLosingWorkers(TYPESCRIPT);
