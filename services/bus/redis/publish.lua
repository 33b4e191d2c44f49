-- Publish: the next ids, each event into its bot's stream, and onto its bot's channel.
-- All in here or nothing: whatever can be refused is refused before the first write.
--
-- KEYS[1]  the hash of the bus: epoch, seq (the counter), floor, run
-- ARGV     prefix of all names; events and milliseconds a bot's history keeps; how many bots are
--          remembered; then calls, each: key ('': none), how long it is kept (ms), digest of the
--          body, number of events, and for each of those bot, conflation key ('-': none), JSON
-- Returns  for each call '<epoch> <seq of its first event>', or 'conflict'
local prefix, keep, window = ARGV[1], ARGV[2], tonumber(ARGV[3])
local most_bots = tonumber(ARGV[4])

local bus = redis.call('HMGET', KEYS[1], 'epoch', 'seq', 'floor')
local epoch, seq, floor = bus[1], tonumber(bus[2]), bus[3]
if not epoch then
  return redis.error_reply('NOEPOCH')
end
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local newest_key = prefix .. ':' .. epoch .. ':newest'
local streams = prefix .. ':' .. epoch .. ':events:'
local channels = prefix .. ':channel:'

local newest = {} -- by bot: the seq of its newest event, as text
local answers = {}
local at = 5
while at <= #ARGV do
  local key, key_window, digest, count = ARGV[at], ARGV[at + 1], ARGV[at + 2], tonumber(ARGV[at + 3])
  local known = key ~= '' and redis.call('GET', prefix .. ':key:' .. key)
  if known then
    local same, first = string.match(known, '^(%S*) (.*)$')
    answers[#answers + 1] = same == digest and first or 'conflict'
  else
    local first = epoch .. ' ' .. string.format('%.0f', seq + 1)
    local last = string.format('%.0f', seq + count)
    local several = false
    for event = at + 4, at + 1 + count * 3, 3 do
      local bot = ARGV[event]
      local before = newest[bot] or redis.call('ZSCORE', newest_key, bot) or floor
      seq = seq + 1
      local id = string.format('%.0f', seq)
      local entry = before .. ' ' .. now .. ' ' .. ARGV[event + 1] .. ' ' .. ARGV[event + 2]
      redis.call('XADD', streams .. bot, 'MAXLEN', '=', keep, id .. '-0', 'e', entry)
      redis.call('PUBLISH', channels .. bot, id .. ' ' .. last .. ' ' .. entry)
      newest[bot] = id
      several = several or bot ~= ARGV[at + 4]
    end
    -- Who does not follow the last event's bot can't see that it was the last.
    if several then
      redis.call('PUBLISH', prefix .. ':end', last)
    end
    if key ~= '' then
      redis.call('SET', prefix .. ':key:' .. key, digest .. ' ' .. first, 'PX', key_window)
    end
    answers[#answers + 1] = first
  end
  at = at + 4 + count * 3
end

if next(newest) then
  redis.call('HSET', KEYS[1], 'seq', string.format('%.0f', seq))
  for bot, id in pairs(newest) do
    redis.call('ZADD', newest_key, id, bot)
    -- A bot that falls silent leaves nothing; what it had is known from its newest id.
    redis.call('PEXPIRE', streams .. bot, window)
  end
  -- The longest silent are folded into one floor, which can only report a gap too many.
  local over = redis.call('ZCARD', newest_key) - most_bots
  if over > 0 then
    local gone = redis.call('ZPOPMIN', newest_key, over)
    for index = 1, #gone, 2 do
      redis.call('DEL', streams .. gone[index])
    end
    redis.call('HSET', KEYS[1], 'floor', string.format('%.0f', gone[#gone]))
  end
end
return answers
