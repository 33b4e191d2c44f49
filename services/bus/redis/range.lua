-- What bots have published after a seq, and a marker on the caller's own channel: whatever comes
-- on its connection before the marker is in the answer, whatever comes after it is not.
--
-- KEYS[1]  the hash of the bus
-- ARGV     prefix; epoch of the caller; milliseconds a history keeps; channel and text of the
--          marker; the seq up to which events are asked for ('+': all); then bots, each with the
--          seq after which ('': nothing is asked but its newest)
-- Returns  epoch, seq, now (ms), then for each bot {newest, dropped, {id, entry, id, entry, …}}:
--          the seq of its newest event, that of the newest one that is no longer kept, and the
--          events; without the events where one of those asked for was dropped. The epoch alone
--          where it is not the caller's.
local prefix, window = ARGV[1], tonumber(ARGV[3])
local bus = redis.call('HMGET', KEYS[1], 'epoch', 'seq', 'floor')
local epoch, seq, floor = bus[1], bus[2], bus[3]
if epoch ~= ARGV[2] then
  return { epoch or '' }
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local newest_key = prefix .. ':' .. epoch .. ':newest'
local streams = prefix .. ':' .. epoch .. ':events:'

-- The seq of the event before the oldest that is young enough; older ones go.
local function dropped_of(stream, newest)
  while true do
    local oldest = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
    if not oldest then
      return newest
    end
    local before, at = string.match(oldest[2][2], '^(%d+) (%d+) ')
    if tonumber(at) >= now - window then
      return before
    end
    redis.call('XDEL', stream, oldest[1])
  end
end

local answer = { epoch, seq, string.format('%.0f', now) }
local up_to = ARGV[6] == '+' and '+' or ARGV[6] .. '-0'
for index = 7, #ARGV, 2 do
  local bot, after = ARGV[index], ARGV[index + 1]
  local newest = redis.call('ZSCORE', newest_key, bot) or floor
  local found = { newest }
  if after ~= '' then
    if tonumber(newest) <= tonumber(after) then
      found = { newest, after, {} }
    else
      local stream = streams .. bot
      local dropped = dropped_of(stream, newest)
      found[2] = dropped
      if tonumber(dropped) <= tonumber(after) then
        local events = {}
        for _, entry in ipairs(redis.call('XRANGE', stream, '(' .. after .. '-0', up_to)) do
          events[#events + 1] = string.match(entry[1], '^%d+')
          events[#events + 1] = entry[2][2]
        end
        found[3] = events
      end
    end
  end
  answer[#answer + 1] = found
end
redis.call('PUBLISH', ARGV[4], ARGV[5])
return answer
