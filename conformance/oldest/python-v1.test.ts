import { describeCore } from "../behaviours/core.ts";
import { PYTHON_V1_OLDEST } from "../support/client.ts";

describeCore(PYTHON_V1_OLDEST, "1.29.0");
