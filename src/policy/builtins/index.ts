/**
 * The functions of Rego that the gateway brings itself, by name. They compute what OPA's own do;
 * none reads a clock, a file, the network or anything else that is not an argument.
 */
import { anyPrefixMatch, anySuffixMatch } from './affixes.js'
import { hmacSha256, sha256 } from './crypto.js'
import { parseDurationNs } from './duration.js'
import { jsonPatch } from './json-patch.js'
import { jsonMatchSchema } from './json-schema/match.js'
import { regexReplace } from './regex.js'
import type { HostBuiltin } from './rego-value.js'
import { semverCompare, semverIsValid } from './semver.js'
import { sprintf } from './sprintf.js'
import { objectSubset } from './subset.js'
import { parseRfc3339Ns, timeAddDate, timeClock, timeDate, timeWeekday } from './time.js'
import { parseBytes } from './units.js'
import {
  urlqueryDecode,
  urlqueryDecodeObject,
  urlqueryEncode,
  urlqueryEncodeObject,
} from './urlquery.js'

export const hostBuiltins: ReadonlyMap<string, HostBuiltin> = new Map<string, HostBuiltin>([
  ['crypto.hmac.sha256', hmacSha256],
  ['crypto.sha256', sha256],
  ['json.match_schema', jsonMatchSchema],
  ['json.patch', jsonPatch],
  ['object.subset', objectSubset],
  ['regex.replace', regexReplace],
  ['semver.compare', semverCompare],
  ['semver.is_valid', semverIsValid],
  ['sprintf', sprintf],
  ['strings.any_prefix_match', anyPrefixMatch],
  ['strings.any_suffix_match', anySuffixMatch],
  ['time.add_date', timeAddDate],
  ['time.clock', timeClock],
  ['time.date', timeDate],
  ['time.parse_duration_ns', parseDurationNs],
  ['time.parse_rfc3339_ns', parseRfc3339Ns],
  ['time.weekday', timeWeekday],
  ['units.parse_bytes', parseBytes],
  ['urlquery.decode', urlqueryDecode],
  ['urlquery.decode_object', urlqueryDecodeObject],
  ['urlquery.encode', urlqueryEncode],
  ['urlquery.encode_object', urlqueryEncodeObject],
])
