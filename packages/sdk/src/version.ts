/** The version of this package, told to the engine when a worker registers. A test keeps it equal to package.json. */
export const SDK_VERSION = "0.1.0";
