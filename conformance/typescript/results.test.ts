import { describeResults } from "../behaviours/results.ts";
import { TYPESCRIPT } from "../support/client.ts";

describeResults(TYPESCRIPT);
