// The script of the sink redis_cache, in Redis' Lua (5.1). Of each table there is a hash, the index: by the
// key of a row its version, 20 digits, and behind them its look-ups in MessagePack; under the empty name the
// version of the last TRUNCATE or DROP. Of a row that was deleted a key keeps the version for some time.
#pragma once

namespace sluice::redis {

// ARGV: epoch in two digits, milliseconds that a row stays (0: for ever), milliseconds that the version of a
// deleted row stays, and what row_state.h lists. Answers 0 where something newer is there; of a table that
// was emptied, 1 while there is more to delete.
inline constexpr const char* kRowScript = R"lua(
local m = cmsgpack.unpack(ARGV[4])
local what, version, index, row = m[1], ARGV[1] .. m[2], m[3], m[4]

local function forget(key, entry)
  if #entry > 20 then
    for _, set in ipairs(cmsgpack.unpack(entry:sub(21))) do redis.call('SREM', set, key) end
  end
  redis.call('DEL', key)
end

if what == 'c' then
  local emptied = redis.call('HGET', index, '')
  if emptied and emptied > version then return 0 end
  redis.call('HSET', index, '', version)
  local cursor, gone = '0', 0
  repeat
    local part = redis.call('HSCAN', index, cursor, 'COUNT', 500)
    cursor = part[1]
    for i = 1, #part[2], 2 do
      local key, entry = part[2][i], part[2][i + 1]
      if key ~= '' and entry:sub(1, 20) <= version then
        forget(key, entry)
        redis.call('HDEL', index, key)
        gone = gone + 1
      end
    end
  until cursor == '0' or gone >= 1000
  return cursor == '0' and 0 or 1
end

local known = redis.call('HMGET', index, row, '')
local grave = index .. ':gone:' .. row
if known[1] then
  if known[1]:sub(1, 20) > version then return 0 end
else
  local gone = redis.call('GET', grave)
  if gone and gone > version then return 0 end
end
if known[2] and known[2] > version then return 0 end
forget(row, known[1] or '')
if what == 'd' then
  redis.call('HDEL', index, row)
  redis.call('SET', grave, version, 'PX', ARGV[3])
  return 1
end

local count = m[5]
local entry = version
if count > 0 then
  local sets = {unpack(m, 6, 5 + count)}
  for _, set in ipairs(sets) do redis.call('SADD', set, row) end
  entry = version .. cmsgpack.pack(sets)
end
redis.call('HSET', index, row, entry)
if what == 'j' then
  redis.call('SET', row, m[6 + count])
else
  for i = 6 + count, #m, 4000 do redis.call('HSET', row, unpack(m, i, math.min(i + 3999, #m))) end
end
if ARGV[2] ~= '0' then redis.call('PEXPIRE', row, ARGV[2]) end
return 1
)lua";

}  // namespace sluice::redis
