import { describeSlots } from "../behaviours/slots.ts";
import { PYTHON_V0 } from "../support/client.ts";

describeSlots(PYTHON_V0);
