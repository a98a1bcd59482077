import { describeValues } from "../behaviours/values.ts";
import { OURS } from "../support/client.ts";

describeValues(OURS);
