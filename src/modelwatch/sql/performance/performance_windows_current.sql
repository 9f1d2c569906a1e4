-- Windows whose performance was evaluated: one row per window, as of its newest as-of day. Key:
-- monitor, window_name, window_start.
--
-- - `as_of`: Newest as-of day of the window.
SELECT
  monitor,
  computed.window_name AS window_name,
  computed.window_start AS window_start,
  max_by(computed.window_end, struct(as_of, finished_at, run_id)) AS window_end,
  max(as_of) AS as_of
FROM published_runs
LATERAL VIEW explode(performance_windows) exploded AS computed
GROUP BY monitor, computed.window_name, computed.window_start
