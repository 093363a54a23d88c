import { api } from "../api.ts";
import { defaulted, since, struct } from "../schema.ts";
import {
  array,
  boolean,
  int8,
  int16,
  int32,
  nullableArray,
  nullableString,
  string,
} from "../wire-type.ts";

const config = struct({
  name: string,
  value: nullableString,
  readOnly: boolean,
  configSource: defaulted(int8, -1),
  isSensitive: boolean,
  synonyms: array(struct({ name: string, value: nullableString, source: int8 })),
  configType: since(3, int8, 0, "ignorable"),
  documentation: since(3, nullableString, "", "ignorable"),
});

/**
 * Shows the configuration of topics, brokers, groups and more (KIP-133), with where each value
 * comes from (KIP-226) and what it means (KIP-569).
 */
export const DescribeConfigs = api({
  key: 32,
  name: "DescribeConfigs",
  versions: [1, 4],
  flexible: 4,
  request: {
    resources: array(
      struct({
        resourceType: int8,
        resourceName: string,
        configurationKeys: nullableArray(string),
      }),
    ),
    includeSynonyms: defaulted(boolean, false),
    includeDocumentation: since(3, boolean, false),
  },
  response: {
    throttleTimeMs: int32,
    results: array(
      struct({
        errorCode: int16,
        errorMessage: nullableString,
        resourceType: int8,
        resourceName: string,
        configs: array(config),
      }),
    ),
  },
});
