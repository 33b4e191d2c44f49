-- Failures of a minute, by name and address and by address alone: sorted sets by Redis' own clock.
-- KEYS: of the name and address, of the address.
-- ARGV: "wait", seconds, limit of the first, limit of the second -> milliseconds to wait, or 0
--       "failed", seconds, an id of this failure
--       "succeeded"
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000

if ARGV[1] == 'failed' then
  for _, key in ipairs(KEYS) do
    redis.call('ZADD', key, now, ARGV[3])
    redis.call('EXPIRE', key, ARGV[2])
  end
  return 0
end

if ARGV[1] == 'succeeded' then
  for _, failure in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
    redis.call('ZREM', KEYS[2], failure)
  end
  redis.call('DEL', KEYS[1])
  return 0
end

local wait = 0
for place, key in ipairs(KEYS) do
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - ARGV[2])
  if redis.call('ZCARD', key) >= tonumber(ARGV[2 + place]) then
    local oldest = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2]
    wait = math.max(wait, oldest + ARGV[2] - now)
  end
end
return math.ceil(wait * 1000)
