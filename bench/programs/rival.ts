/** Stores jobs in calls of a thousand. */
export interface Fill {
  url: string;
  count: number;
}

export interface Filled {
  /** When the first call was made, by `now`. */
  sentAt: number;
  ms: number;
}

/** Works until so many jobs are done and stored as such. Answers how long it took, in ms. */
export interface Work {
  url: string;
  count: number;
  /** Only starts working and answers at once: for jobs that come one at a time. */
  isForLatency?: boolean;
}
