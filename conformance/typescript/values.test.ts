import { describeValues } from "../behaviours/values.ts";
import { TYPESCRIPT } from "../support/client.ts";

describeValues(TYPESCRIPT);
