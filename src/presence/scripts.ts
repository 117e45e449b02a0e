/**
 * Members in Redis. Each channel has a sorted set of entries in byte order, and a hash with the data of each entry; the hash's
 * field "" holds the number of members. An entry is a member's id, NUL, and a process. Ids have no control characters, so
 * the entries of a member stand together. One sorted set holds all processes by the ends of their leases. One set per
 * process holds the channels where it may have entries.
 */

/** Expiry of the keys of processes that never return and that nobody cleans up after, in ms. */
const longestLife = 86_400_000;

/** The length of a process name. */
export const processLength = 36;

const text = (body: string): string => body.replaceAll("DAY", String(longestLife));
const withRemoval = (body: string): string => text(removal + body);

/**
 * KEYS: the leases. ARGV: process, ms. A lapsed process is renamed, so that it cannot renew its lease while its
 * entries are being cleared.
 */
export const refreshScript: string = /* @__PURE__ */ text(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ends = string.format('%d', now + ARGV[2])
local known = redis.call('ZSCORE', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[1], ends, ARGV[1])
local lapsed = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('(%d', now), 'LIMIT', 0, 10)
local names = {}
for i, each in ipairs(lapsed) do
  names[i] = string.gsub(each, '^!', '')
  redis.call('ZREM', KEYS[1], each)
  redis.call('ZADD', KEYS[1], ends, '!' .. names[i])
end
redis.call('PEXPIRE', KEYS[1], DAY)
return {known and 1 or 0, names}`);

/** KEYS: the leases. ARGV: process, ms. */
export const retireScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if redis.call('ZREM', KEYS[1], ARGV[1]) == 1 then
  redis.call('ZADD', KEYS[1], string.format('%d', now + ARGV[2]), '!' .. ARGV[1])
end
return 0`;

/** KEYS: the process' channels. ARGV: channels. */
export const trackScript: string = /* @__PURE__ */ text(`
for i = 1, #ARGV do redis.call('SADD', KEYS[1], ARGV[i]) end
redis.call('PEXPIRE', KEYS[1], DAY)
return 0`);

/** KEYS: the process' channels. ARGV: channels. */
export const untrackScript = `
for i = 1, #ARGV do redis.call('SREM', KEYS[1], ARGV[i]) end
return 0`;

/** KEYS: the leases, the process' channels. ARGV: process. */
export const dropScript = `
redis.call('ZREM', KEYS[1], '!' .. ARGV[1])
redis.call('DEL', KEYS[2])
return 0`;

const removal = `
local changed = 0
local function others(id)
  return redis.call('ZLEXCOUNT', KEYS[1], '[' .. id .. '\\0', '(' .. id .. '\\1')
end
local function remove(id, entry)
  if redis.call('ZREM', KEYS[1], entry) == 0 then return end
  redis.call('HDEL', KEYS[2], entry)
  if others(id) > 0 then return end
  changed = 1
  if redis.call('HINCRBY', KEYS[2], '', -1) <= 0 then redis.call('DEL', KEYS[2]) end
end`;

/**
 * KEYS: entries, data. ARGV: process; then a sign, the id and the data for each change. A full store may have evicted
 * one of the two keys. Then the other one is deleted too, and the processes write the channel again. So no count stays wrong.
 */
export const updateScript: string = /* @__PURE__ */ withRemoval(`
local entries = redis.call('ZLEXCOUNT', KEYS[1], '-', '+')
if (entries > 0) ~= (redis.call('HGET', KEYS[2], '') ~= false) then
  redis.call('DEL', KEYS[1])
  redis.call('DEL', KEYS[2])
end
for i = 2, #ARGV, 3 do
  local id = ARGV[i + 1]
  local entry = id .. '\\0' .. ARGV[1]
  if ARGV[i] == '-' then
    remove(id, entry)
  else
    if others(id) == 0 then
      changed = 1
      redis.call('HINCRBY', KEYS[2], '', 1)
    end
    redis.call('ZADD', KEYS[1], 0, entry)
    redis.call('HSET', KEYS[2], entry, ARGV[i + 2])
  end
end
redis.call('PEXPIRE', KEYS[1], DAY)
redis.call('PEXPIRE', KEYS[2], DAY)
return changed`);

/** KEYS: entries, data. ARGV: process, the entry to continue after or nothing. Returns the last entry, or nothing at the end. */
export const clearScript: string = /* @__PURE__ */ withRemoval(`
local from = ARGV[2] == '' and '-' or '(' .. ARGV[2]
local entries = redis.call('ZRANGEBYLEX', KEYS[1], from, '+', 'LIMIT', 0, 500)
local length = #ARGV[1]
for _, entry in ipairs(entries) do
  if string.sub(entry, -length) == ARGV[1] then remove(string.sub(entry, 1, -length - 2), entry) end
end
return {changed, #entries == 500 and entries[500] or ''}`);

/** KEYS: data. */
export const countScript = `return redis.call('HGET', KEYS[1], '')`;

/** KEYS: entries, data. ARGV: an id or nothing, the limit, the length of a process name. Returns the count, ids and data. */
export const pageScript = `
local from = ARGV[1] == '' and '-' or '(' .. ARGV[1] .. '\\1'
local most = ARGV[2] * 2
local found, last = {}, nil
while #found < most do
  local entries = redis.call('ZRANGEBYLEX', KEYS[1], from, '+', 'LIMIT', 0, ARGV[2])
  if #entries == 0 then break end
  for _, entry in ipairs(entries) do
    local id = string.sub(entry, 1, -ARGV[3] - 2)
    from = '(' .. entry
    if id ~= last and #found < most then
      last = id
      found[#found + 1] = id
      found[#found + 1] = redis.call('HGET', KEYS[2], entry) or ''
    end
  end
end
return {redis.call('HGET', KEYS[2], '') or '0', found}`;
