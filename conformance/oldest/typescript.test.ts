import { describeCore } from "../behaviours/core.ts";
import { TYPESCRIPT_OLDEST } from "../support/client.ts";

describeCore(TYPESCRIPT_OLDEST, "1.18.0");
