import { describeValues } from "../behaviours/values.ts";
import { PYTHON_V1 } from "../support/client.ts";

describeValues(PYTHON_V1);
