-- Incidents and their parts: one row per incident or part, as left by the newest published run,
-- including closed and withdrawn ones. Key: monitor, incident_id.
--
-- - `told_at`: When the newest run that changed the incident was published.
WITH newest AS (
  SELECT
    kept.monitor,
    kept.incident_id,
    max_by(kept.run_id, struct(published.finished_at, published.run_id)) AS run_id,
    max(published.finished_at) AS told_at
  FROM incidents AS kept
  JOIN published_runs AS published
    ON kept.monitor = published.monitor AND kept.run_id = published.run_id
  GROUP BY kept.monitor, kept.incident_id
)
SELECT kept.*, newest.told_at
FROM incidents AS kept
JOIN newest
  ON kept.monitor = newest.monitor
  AND kept.incident_id = newest.incident_id
  AND kept.run_id = newest.run_id
