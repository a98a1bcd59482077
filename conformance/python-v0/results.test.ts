import { describeResults } from "../behaviours/results.ts";
import { PYTHON_V0 } from "../support/client.ts";

describeResults(PYTHON_V0);
