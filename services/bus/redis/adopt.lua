-- Agree on the epoch: the one that is kept, or a new one where what is kept is not what some
-- process has seen. The counter is never behind what the caller has seen.
--
-- KEYS[1]  the hash of the bus
-- ARGV     prefix; the caller's epoch ('': it has none yet) and the seq it has seen; an epoch to
--          take where a new one is needed; channel of new epochs
-- Returns  epoch, seq; the kept epoch alone where the one to take does not order after it
local bus = redis.call('HMGET', KEYS[1], 'epoch', 'seq', 'run')
local epoch, seq, run = bus[1], tonumber(bus[2] or 0), bus[3]
local mine, seen, candidate = ARGV[2], tonumber(ARGV[3]), ARGV[4]
-- After a restart, with or without its file, and after a failover: what was published last may
-- be lost, and nobody can know.
local run_now = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local lost = not epoch or run ~= run_now or epoch < mine or (epoch == mine and seq < seen)

if lost then
  if candidate <= (epoch or '') or candidate <= mine then
    return { epoch and epoch > mine and epoch or mine }
  end
  if epoch then
    redis.call('DEL', ARGV[1] .. ':' .. epoch .. ':newest')
  end
  epoch, seq = candidate, math.max(seq, seen) + 1
  local text = string.format('%.0f', seq)
  redis.call('HSET', KEYS[1], 'epoch', epoch, 'seq', text, 'floor', text, 'run', run_now)
  redis.call('PUBLISH', ARGV[5], epoch)
elseif epoch ~= mine and seq <= seen then
  seq = seen + 1
  redis.call('HSET', KEYS[1], 'seq', string.format('%.0f', seq))
end
return { epoch, string.format('%.0f', seq) }
