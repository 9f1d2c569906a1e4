-- Days with feature states: one row per day, with the newest published run that computed them.
-- Most other views are derived from it. Key: monitor, day.
--
-- - `day`: Day whose states were computed.
-- - `run_id`: Newest published run that computed it.
-- - `computed_at`: When that run was published.
SELECT
  monitor,
  day,
  max_by(run_id, struct(finished_at, run_id)) AS run_id,
  max(finished_at) AS computed_at
FROM published_runs
LATERAL VIEW explode(days) exploded AS day
GROUP BY monitor, day
