/** A flag of a command. `value` is what its value is called in help texts; a flag without one is a switch. */
export interface Option {
  readonly value?: string;
  readonly help: string;
}

export type Options = Readonly<Record<string, Option>>;

/** What was given for each flag: its text, or whether the switch is there. */
export type Values<Given extends Options> = {
  readonly [Name in keyof Given]: Given[Name] extends { value: string } ? string | undefined : boolean;
};

/** Every command that prints something has it. */
export const JSON_OPTION: { readonly json: Option & { value?: never } } = {
  json: { help: "print what the API returned, as JSON" },
};

type WithValue = Option & { readonly value: string };

/** How a command finds the engine it speaks to. */
export const ENGINE_OPTIONS: Readonly<Record<"token" | "api-url" | "data-dir", WithValue>> = {
  token: { value: "TOKEN", help: "API token (HELVE_CLIENT_TOKEN); default: that of the engine on this machine" },
  "api-url": {
    value: "URL",
    help: "base of the engine's HTTP side (HELVE_CLIENT_API_URL); default: as the token says",
  },
  "data-dir": { value: "FOLDER", help: "data folder of the engine on this machine (HELVE_DATA_DIR)" },
};
