/**
 * A link that opens the dashboard signed in. The token stands behind `#`, which browsers send to no server, and which the page
 * takes out of the address.
 */
export function dashboardLink(apiUrl: string, token: string): string {
  return `${apiUrl}/#token=${token}`;
}
