import { describeSlots } from "../behaviours/slots.ts";
import { OURS } from "../support/client.ts";

describeSlots(OURS);
