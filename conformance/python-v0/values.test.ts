import { describeValues } from "../behaviours/values.ts";
import { PYTHON_V0 } from "../support/client.ts";

describeValues(PYTHON_V0);
