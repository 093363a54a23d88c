/** What becomes of a token. */
export type SaslStep =
  /** The token to answer with. */
  | { readonly do: "go on"; readonly token: Buffer }
  /** The user is who he says he is; the last token goes with it. */
  | { readonly do: "accept"; readonly token: Buffer; readonly user: string }
  /** The message is for the client; undefined where the reason is none of its business. */
  | { readonly do: "refuse"; readonly message?: string | undefined };

/** The server's side of one exchange by a SASL mechanism: tokens in, tokens out. Pure. */
export interface SaslExchange {
  /** Takes the client's next token; not to be called once the exchange is over. */
  respond(token: Buffer): SaslStep;
}
