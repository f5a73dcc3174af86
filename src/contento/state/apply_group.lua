-- Adds one source's events to an item or a segment, each once. The arithmetic is LiveGroup.merged.
-- KEYS: live hash. ARGV: applied field, half-life in ms, time to live in ms (0: for ever), then of
-- each event, in the order of their offsets: offset, satisfaction, p_negative, rating, time in ms.
-- Returns how many events were new.
local key, applied_field, half_life = KEYS[1], ARGV[1], tonumber(ARGV[2])
local old = redis.call('HMGET', key, applied_field, 'n', 'weight', 'updated_ms', 'satisfaction', 'p_negative', 'rating')
local applied = tonumber(old[1] or '-1')
local n, weight, updated = tonumber(old[2] or '0'), tonumber(old[3] or '0'), tonumber(old[4] or '0')
local means = { tonumber(old[5] or '0'), tonumber(old[6] or '0'), tonumber(old[7] or '0') }
local added = 0
for at = 4, #ARGV, 5 do
  local offset, time = tonumber(ARGV[at]), tonumber(ARGV[at + 4])
  if offset > applied then
    local newest = math.max(updated, time)
    local mine = weight * 0.5 ^ ((newest - updated) / half_life)
    local its = 0.5 ^ ((newest - time) / half_life)
    weight, updated, n, added, applied = mine + its, newest, n + 1, added + 1, offset
    local share = 1
    if weight > 0 then share = its / weight end
    for i = 1, 3 do
      means[i] = means[i] + share * (tonumber(ARGV[at + i]) - means[i])
    end
  end
end
if added > 0 then
  local function exact(number) return string.format('%.17g', number) end
  redis.call('HSET', key, applied_field, string.format('%.0f', applied), 'n', string.format('%.0f', n),
    'weight', exact(weight), 'updated_ms', string.format('%.0f', updated),
    'satisfaction', exact(means[1]), 'p_negative', exact(means[2]), 'rating', exact(means[3]))
  if ARGV[3] ~= '0' then redis.call('PEXPIRE', key, ARGV[3]) end
end
return added
