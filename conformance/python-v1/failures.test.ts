import { describeFailures } from "../behaviours/failures.ts";
import { PYTHON_V1 } from "../support/client.ts";

describeFailures(PYTHON_V1);
