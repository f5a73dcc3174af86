-- Gives a user a segment. One whose state has expired is not brought back to life by it.
-- KEYS[1]: the user's live scores. ARGV[1]: id of the segment.
if redis.call('exists', KEYS[1]) == 1 then
  redis.call('hset', KEYS[1], 'segment', ARGV[1])
end
