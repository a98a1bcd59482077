import { describeResults } from "../behaviours/results.ts";
import { PYTHON_V1 } from "../support/client.ts";

describeResults(PYTHON_V1);
