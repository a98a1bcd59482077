/** Largest message in either direction. Clients have the same limit, so larger ones would end calls over there. */
export const MAX_MESSAGE_BYTES: number = 4 * 1024 * 1024;

/** A text of so many characters fits into a message whatever they are: none takes more than three bytes. */
export const SURELY_FITS: number = 1024 * 1024;

/** What may wait for a peer that listens and does not read, nearly in bytes. */
export const MAX_UNREAD: number = 16 * 2 ** 20;

/** How many of the runs that ended while much was unread are asked about at once, when the peer reads again. */
export const POSTPONED_AT_ONCE = 50;
