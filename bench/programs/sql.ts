import { offer } from "../lab/offer.ts";
import { sqlFloor } from "../sql-floor/pipeline.ts";
import { statementCosts } from "../sql-floor/statements.ts";

/** Nothing but SQL: the floor under the engine, and the statements one by one. */
offer({
  floor: ({ databaseUrl, count }: { databaseUrl: string; count: number }) => sqlFloor(databaseUrl, count),
  statements: ({ databaseUrl, count }: { databaseUrl: string; count: number }) => statementCosts(databaseUrl, count),
});
