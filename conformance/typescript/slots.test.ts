import { describeSlots } from "../behaviours/slots.ts";
import { TYPESCRIPT } from "../support/client.ts";

describeSlots(TYPESCRIPT);
