import { describeResults } from "../behaviours/results.ts";
import { OURS } from "../support/client.ts";

describeResults(OURS);
