import { describeFailures } from "../behaviours/failures.ts";
import { TYPESCRIPT } from "../support/client.ts";

describeFailures(TYPESCRIPT);
