import { describeFailures } from "../behaviours/failures.ts";
import { OURS } from "../support/client.ts";

describeFailures(OURS);
