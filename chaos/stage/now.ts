/** Ms on the machine's monotonic clock: the same clock in every process, whatever the time of day does. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
