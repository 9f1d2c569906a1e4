-- References with a table of their own: one row per reference, with the newest published run that
-- computed its states. Key: monitor, role.
--
-- - `role`: `reference:<name>`.
-- - `run_id`: Newest published run that computed it.
-- - `computed_at`: When that run was published.
SELECT
  monitor,
  computed.role AS role,
  max_by(run_id, struct(finished_at, run_id)) AS run_id,
  max(finished_at) AS computed_at
FROM published_runs
LATERAL VIEW explode(reference_days) exploded AS computed
GROUP BY monitor, computed.role
