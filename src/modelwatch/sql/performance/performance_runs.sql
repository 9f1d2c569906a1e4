-- Evaluations of performance: one row per window and as-of day, with the newest published run that
-- evaluated it. Key: monitor, window_name, window_start, as_of.
--
-- - `as_of`: As-of day of the evaluation.
-- - `run_id`: Newest published run that evaluated the window as of that day.
-- - `computed_at`: When that run was published.
-- - `latest`: Whether this is the newest as-of day of the window.
WITH evaluated AS (
  SELECT
    monitor,
    as_of,
    computed.window_name AS window_name,
    computed.window_start AS window_start,
    max_by(run_id, struct(finished_at, run_id)) AS run_id,
    max(finished_at) AS computed_at
  FROM published_runs
  LATERAL VIEW explode(performance_windows) exploded AS computed
  GROUP BY monitor, as_of, computed.window_name, computed.window_start
)
SELECT
  evaluated.*,
  as_of = max(as_of) OVER (PARTITION BY monitor, window_name, window_start) AS latest
FROM evaluated
