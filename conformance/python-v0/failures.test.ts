import { describeFailures } from "../behaviours/failures.ts";
import { PYTHON_V0 } from "../support/client.ts";

describeFailures(PYTHON_V0);
