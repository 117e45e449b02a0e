/**
 * Runs in Redis: of each a hash, beside the stream of its channel. Each of these scripts is one step.
 *
 * KEYS, of all of them: the stream, the hash. The hash has `token`, `name`, `state`, `lease` (ms), `until` (ms since 1970),
 * `count`, `bytes`, `started`, `age`, `keep`, `length`, `most`; later `end`, `ended`, `reason`; and `cancel`.
 */

// Marked as pure, or each would stay in bundles that have no runs.
const script = (text: string): string => `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local stream, run = KEYS[1], KEYS[2]
${text}`;

const withRecord = (text: string): string =>
	script(`local function record()
  local f = redis.call('HMGET', run, 'state', 'name', 'lease', 'until', 'count', 'started', 'end', 'ended', 'reason', 'cancel')
  if not f[1] then return false end
  f[4] = string.format('%d', f[4] - now)
  return f
end
${text}`);

/**
 * ARGV: token, name, lease, age, keep, length, most. Answers whether it is this token's, and the record. The stream is
 * emptied, not deleted, so that ids go on; it outlives the hash, so that nobody finds a run without its messages.
 */
export const claimScript: string =
	/* @__PURE__ */ withRecord(`local token = redis.call('HGET', run, 'token')
if not token then
  token = ARGV[1]
  redis.call('XTRIM', stream, 'MAXLEN', 0)
  redis.call('XADD', stream, '*', 'birth', '')
  redis.call('PEXPIRE', stream, ARGV[4] + ARGV[5] + 1000)
  redis.call('HSET', run, 'token', token, 'name', ARGV[2], 'state', 'running', 'lease', ARGV[3],
    'until', now + ARGV[3], 'count', 0, 'bytes', 0, 'started', now, 'age', ARGV[4], 'keep', ARGV[5],
    'length', ARGV[6], 'most', ARGV[7])
  redis.call('PEXPIRE', run, ARGV[4] + ARGV[5])
end
return {token == ARGV[1] and 1 or 0, record()}`);

/**
 * ARGV: PUBLISH or SPUBLISH, channel, token, how many came before or nothing, payloads. Answers a refusal and the state,
 * or `ok`, the wish to cancel and the count. What is counted is stored, also when a PUBLISH fails.
 */
export const appendScript: string =
	/* @__PURE__ */ script(`local f = redis.call('HMGET', run, 'token', 'state', 'count', 'bytes', 'started', 'age', 'lease', 'length', 'most', 'cancel')
if f[1] ~= ARGV[3] or f[2] ~= 'running' then return {'superseded', f[2]} end
local count, bytes, first = tonumber(f[3]), tonumber(f[4]), 5
if redis.call('EXISTS', stream) == 0 then return {'lost', f[2]} end
if ARGV[4] ~= '' then
  if count < tonumber(ARGV[4]) then return {'lost', f[2]} end
  first = 5 + count - ARGV[4]
end
if now > f[5] + f[6] then return {'age', f[2]} end
for i = first, #ARGV do
  bytes = bytes + #ARGV[i]
  if count >= tonumber(f[8]) then return {'length', f[2]} end
  if bytes > tonumber(f[9]) then return {'bytes', f[2]} end
  count = count + 1
  local id = redis.call('XADD', stream, '*', 'm', ARGV[i])
  redis.call('HSET', run, 'count', count, 'bytes', bytes)
  redis.call(ARGV[1], ARGV[2], '{"id":"' .. id .. '",' .. string.sub(ARGV[i], 2))
end
redis.call('HSET', run, 'until', now + f[7])
return {'ok', f[10], count}`);

/**
 * ARGV: PUBLISH or SPUBLISH, channel, token or nothing, state, reason, payload. Answers a refusal, or `ok`, the end's id
 * and the state.
 */
export const finishScript: string =
	/* @__PURE__ */ script(`local f = redis.call('HMGET', run, 'token', 'state', 'until', 'keep', 'end')
if not f[1] or ARGV[3] ~= '' and f[1] ~= ARGV[3] then return {'superseded'} end
if f[2] ~= 'running' then return {'ok', f[5], f[2]} end
if ARGV[3] == '' and tonumber(f[3]) >= now then return {'alive'} end
local id = redis.call('XADD', stream, '*', 'm', ARGV[6])
redis.call('HSET', run, 'state', ARGV[4], 'reason', ARGV[5], 'end', id, 'ended', now)
redis.call('PEXPIRE', run, f[4])
redis.call('PEXPIRE', stream, f[4] + 1000)
redis.call(ARGV[1], ARGV[2], '{"id":"' .. id .. '",' .. string.sub(ARGV[6], 2))
return {'ok', id, ARGV[4]}`);

/** Answers the record, or nothing. */
export const statusScript: string = /* @__PURE__ */ withRecord(`return record()`);

/** ARGV: PUBLISH or SPUBLISH, channel, reason, payload. Answers the record, or nothing. */
export const cancelScript: string =
	/* @__PURE__ */ withRecord(`if redis.call('HGET', run, 'state') == 'running' then
  redis.call('HSETNX', run, 'cancel', ARGV[3])
  redis.call(ARGV[1], ARGV[2], ARGV[4])
end
return record()`);

/** ARGV: PUBLISH or SPUBLISH, channel, payload. An entry that is no message stays: for a reader of before nothing is as it was. */
export const deleteScript = `
local keep = redis.call('HGET', KEYS[2], 'keep')
if not keep then return 0 end
redis.call(ARGV[1], ARGV[2], ARGV[3])
redis.call('DEL', KEYS[2])
redis.call('XADD', KEYS[1], 'MAXLEN', '=', 1, '*', 'forgotten', '')
redis.call('PEXPIRE', KEYS[1], keep)
return 1`;
