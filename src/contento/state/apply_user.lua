-- Applies a batch of one source's events to one user, once.
-- KEYS: live hash, history. ARGV: applied field, offset, expected n, history, time to live in
-- milliseconds (0: for ever), then field and value pairs of the live hash.
-- Returns 1: applied; 0: was applied before; -1: another writer changed the user since it was read.
local applied = redis.call('HGET', KEYS[1], ARGV[1])
if applied and tonumber(applied) >= tonumber(ARGV[2]) then return 0 end
if (redis.call('HGET', KEYS[1], 'n') or '0') ~= ARGV[3] then return -1 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2], unpack(ARGV, 6))
redis.call('SET', KEYS[2], ARGV[4])
if ARGV[5] ~= '0' then
  redis.call('PEXPIRE', KEYS[1], ARGV[5])
  redis.call('PEXPIRE', KEYS[2], ARGV[5])
end
return 1
