import { describeSlots } from "../behaviours/slots.ts";
import { PYTHON_V1 } from "../support/client.ts";

describeSlots(PYTHON_V1);
