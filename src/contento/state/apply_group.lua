-- Adds one source's events to an item or a segment, once. The arithmetic is LiveGroup.merged.
-- KEYS: live hash. ARGV: applied field, offset, half-life in ms, time to live in ms (0: for ever),
-- then of the events: n, weight, satisfaction, p_negative, rating, updated_ms.
-- Returns 1: applied; 0: was applied before.
local applied = redis.call('HGET', KEYS[1], ARGV[1])
if applied and tonumber(applied) >= tonumber(ARGV[2]) then return 0 end
local old = redis.call('HMGET', KEYS[1], 'n', 'weight', 'satisfaction', 'p_negative', 'rating', 'updated_ms')
local new = { ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10] }
if old[1] then
  local updated = math.max(tonumber(old[6]), tonumber(new[6]))
  local mine = tonumber(old[2]) * 0.5 ^ ((updated - tonumber(old[6])) / tonumber(ARGV[3]))
  local others = tonumber(new[2]) * 0.5 ^ ((updated - tonumber(new[6])) / tonumber(ARGV[3]))
  local share = 0.5
  if mine + others > 0 then share = others / (mine + others) end
  local function mean(i) return string.format('%.17g', tonumber(old[i]) + share * (tonumber(new[i]) - tonumber(old[i]))) end
  new = {
    string.format('%.0f', tonumber(old[1]) + tonumber(new[1])),
    string.format('%.17g', mine + others),
    mean(3), mean(4), mean(5),
    string.format('%.0f', updated),
  }
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2], 'n', new[1], 'weight', new[2], 'satisfaction', new[3],
  'p_negative', new[4], 'rating', new[5], 'updated_ms', new[6])
if ARGV[4] ~= '0' then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
return 1
