-- SPDX-License-Identifier: Apache-2.0
-- Sends requests that are already written out, in the order of a file, and counts the answers that hold a text.
-- REQUESTS: a file of "LENGTH\nBYTES" for each. EXPECTED: the text. A thread begins anew when all were sent.

local requests = {}
local file = assert(io.open(os.getenv("REQUESTS"), "rb"))
for length in file:lines() do
  requests[#requests + 1] = file:read(tonumber(length))
end
file:close()

local expected = os.getenv("EXPECTED")
local threads = {}
local sent = 0
counted = 0
rounds = 0

function setup(thread) threads[#threads + 1] = thread end

function request()
  sent = sent + 1
  if sent > #requests then sent = 1; rounds = rounds + 1 end
  return requests[sent]
end

function response(status, headers, body)
  if body:find(expected, 1, true) then counted = counted + 1 end
end

function done(summary, latency)
  local right, again = 0, 0
  for _, thread in ipairs(threads) do
    right, again = right + thread:get("counted"), again + thread:get("rounds")
  end
  local lost = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format(
    '\n{"answers":%d,"microseconds":%d,"right":%d,"lost":%d,"again":%d,"p50":%.0f,"p99":%.0f,"longest":%.0f}\n',
    summary.requests, summary.duration, right, lost, again,
    latency:percentile(50), latency:percentile(99), latency.max))
end
