/**
 * Appends to each channel's stream and publishes, as one step, so that all readers see the
 * stored order. It keeps one entry more than promised: a reader at that one can get all the
 * others. A stream begins with an entry that marks its birth.
 *
 * KEYS: per channel its stream. With keyed messages also the list of its keys, and their ids.
 * ARGV: PUBLISH or SPUBLISH; the latest time at which this may be done, in ms since 1970; per
 * channel its name, entries to keep, ms to keep them, number of messages, number of KEYS; per
 * message its mode and its payload. The mode is empty, `-` for an unkept message, or `=` and its
 * key.
 *
 * Returns the server's time when it is later than the latest: nothing was done. Else two items per message: receivers and id, or -1 and the error. The error ends with the
 * key that is in the way (WRONGTYPE) or with the command. A failure does not stop the script:
 * messages stored before it would be taken for lost. A message that fails after its XADD is
 * kept, and its error may be PUBLISH's. A replica's refusal is the answer to all messages: it
 * shows that the server is no master any more.
 */
export const publishScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now > tonumber(ARGV[2]) then return now end
local replies = {}
local err, readonly
local function reply(a, b)
  replies[#replies + 1] = a
  replies[#replies + 1] = b
end
local function run(command, key, ...)
  local answer = redis.pcall(command, key, ...)
  if type(answer) ~= 'table' or not answer.err then return answer end
  if string.find(answer.err, 'READONLY', 1, true) then readonly = answer end
  local what = string.find(answer.err, 'WRONGTYPE', 1, true) and key or '(' .. command .. ')'
  err = err or answer.err .. ' ' .. what
  return false
end
local function fresh(names, ids)
  local name = run('LINDEX', names, 0)
  while name do
    local id = run('HGET', ids, name)
    local length = run('LLEN', names)
    if err or id and length < 10000 and now - (string.match(id, '%d+') or 0) < 300000 then return end
    run('LPOP', names)
    run('HDEL', ids, name)
    if err then return end
    name = run('LINDEX', names, 0)
  end
end
local a, k = 3, 1
while ARGV[a] do
  local channel, length, age, keys = ARGV[a], ARGV[a + 1], ARGV[a + 2], tonumber(ARGV[a + 4])
  local stream, names, ids, kept = KEYS[k], KEYS[k + 1], KEYS[k + 2], false
  local first = a + 5
  a, k = first + 2 * ARGV[a + 3], k + keys
  for i = first, a - 2, 2 do
    local payload, key, id, receivers = ARGV[i + 1], false, false, 0
    err = nil
    if ARGV[i] == '-' then
      id, receivers = '', run(ARGV[1], channel, payload)
    else
      if string.sub(ARGV[i], 1, 1) == '=' then
        key = string.sub(ARGV[i], 2)
        fresh(names, ids)
        id = not err and run('HGET', ids, key)
      end
      if not id and not err then
        if run('EXISTS', stream) == 0 then run('XADD', stream, '*', 'birth', '') end
        id = not err and run('XADD', stream, 'MAXLEN', '=', length, '*', 'm', payload)
        if id then
          kept = #replies + 1
          if key then
            run('RPUSH', names, key)
            run('HSET', ids, key, id)
            run('PEXPIRE', names, 300000)
            run('PEXPIRE', ids, 300000)
          end
          receivers = run(ARGV[1], channel, '{"id":"' .. id .. '",' .. string.sub(payload, 2))
        end
      end
    end
    if readonly then return readonly end
    if err then reply(-1, err) else reply(receivers, id) end
  end
  if kept then
    err = nil
    if now > tonumber(age) then run('XTRIM', stream, 'MINID', string.format('%d', now - age)) end
    run('PEXPIRE', stream, age)
    if err then replies[kept], replies[kept + 1] = -1, err end
  end
end
return replies`;

/**
 * Several PUBLISHes as one command. ARGV: PUBLISH or SPUBLISH; per message its channel and its
 * payload.
 */
export const plainScript = `
local replies = {}
for i = 2, #ARGV, 2 do replies[i / 2] = redis.call(ARGV[1], ARGV[i], ARGV[i + 1]) end
return replies`;
