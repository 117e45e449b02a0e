/**
 * Appends to each channel's stream and publishes, as one step: of two publishers the one that is stored first is heard
 * first. One entry more than promised is kept: a reader that has seen that one can be given all the others. A stream
 * begins with an entry that says so.
 *
 * KEYS: of each channel its stream; and where a message has a key, the list of its keys and what id each has.
 * ARGV: PUBLISH or SPUBLISH; of each channel its name, entries to keep, ms to keep them, how many messages, how many KEYS;
 * of each message its mode and its payload. The mode is empty, or `-` for one that is not kept, or `=` and its key.
 *
 * Answers two items for each message: receivers and id, or -1 and the error. A replica's refusal is the answer to all of
 * them: by it the connection is known to lead to a server that is no master any more.
 */
export const publishScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local replies = {}
local function reply(a, b)
  replies[#replies + 1] = a
  replies[#replies + 1] = b
end
local function fresh(names, ids)
  local name = redis.call('LINDEX', names, 0)
  while name do
    local id = redis.call('HGET', ids, name)
    local full = redis.call('LLEN', names) >= 10000
    if id and not full and now - string.match(id, '%d+') < 300000 then return end
    redis.call('LPOP', names)
    redis.call('HDEL', ids, name)
    name = redis.call('LINDEX', names, 0)
  end
end
local a, k = 2, 1
while ARGV[a] do
  local channel, length, age, keys = ARGV[a], ARGV[a + 1], ARGV[a + 2], tonumber(ARGV[a + 4])
  local stream, names, ids, kept = KEYS[k], KEYS[k + 1], KEYS[k + 2], false
  local first = a + 5
  a, k = first + 2 * ARGV[a + 3], k + keys
  for i = first, a - 2, 2 do
    local payload, key, id = ARGV[i + 1], false, false
    if string.sub(ARGV[i], 1, 1) == '=' then
      key = string.sub(ARGV[i], 2)
      fresh(names, ids)
      id = redis.call('HGET', ids, key)
    end
    if ARGV[i] == '-' then
      reply(redis.call(ARGV[1], channel, payload), '')
    elseif id then
      reply(0, id)
    else
      if redis.call('EXISTS', stream) == 0 then redis.call('XADD', stream, '*', 'birth', '') end
      id = redis.pcall('XADD', stream, 'MAXLEN', '=', length, '*', 'm', payload)
      if type(id) == 'table' then
        if string.find(id.err, 'READONLY', 1, true) then return id end
        reply(-1, id.err)
      else
        kept = true
        if key then
          redis.call('RPUSH', names, key)
          redis.call('HSET', ids, key, id)
          redis.call('PEXPIRE', names, 300000)
          redis.call('PEXPIRE', ids, 300000)
        end
        reply(redis.call(ARGV[1], channel, '{"id":"' .. id .. '",' .. string.sub(payload, 2)), id)
      end
    end
  end
  if kept then
    if now > tonumber(age) then redis.call('XTRIM', stream, 'MINID', string.format('%d', now - age)) end
    redis.call('PEXPIRE', stream, age)
  end
end
return replies`;

/** Several PUBLISHes as one command. ARGV: PUBLISH or SPUBLISH; of each message its channel and its payload. */
export const plainScript = `
local replies = {}
for i = 2, #ARGV, 2 do replies[i / 2] = redis.call(ARGV[1], ARGV[i], ARGV[i + 1]) end
return replies`;
