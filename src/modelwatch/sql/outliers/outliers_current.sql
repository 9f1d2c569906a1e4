-- Current shares of outliers, and outlying rows: one row each. Key: monitor, kind, window_name,
-- window_start, model_version, segmentation, segment, role, feature, reference, rank.
WITH newest AS (
  SELECT
    found.monitor,
    found.kind,
    found.window_name,
    found.window_start,
    max_by(found.run_id, struct(published.finished_at, published.run_id)) AS run_id
  FROM outliers AS found
  JOIN published_runs AS published
    ON found.monitor = published.monitor AND found.run_id = published.run_id
  -- Not of a run from before the window was last computed: its rows may be others by now.
  JOIN current_windows AS windows
    ON found.monitor = windows.monitor
    AND found.window_name = windows.window_name
    AND found.window_start = windows.window_start
    AND published.finished_at >= windows.computed_at
  GROUP BY found.monitor, found.kind, found.window_name, found.window_start
)
SELECT found.*
FROM outliers AS found
JOIN newest
  ON found.monitor = newest.monitor
  AND found.run_id = newest.run_id
  AND found.kind = newest.kind
  AND found.window_name = newest.window_name
  AND found.window_start = newest.window_start
