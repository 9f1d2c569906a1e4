-- Incidents and their parts: one row per incident or part, as left by the newest published run,
-- including closed and withdrawn ones. Key: monitor, incident_id.
--
-- - `reported_at`: When the newest run that changed the incident was published.
WITH newest AS (
  SELECT
    incident.monitor,
    incident.incident_id,
    max_by(incident.run_id, struct(published.finished_at, published.run_id)) AS run_id,
    max(published.finished_at) AS reported_at
  FROM incidents AS incident
  JOIN published_runs AS published
    ON incident.monitor = published.monitor AND incident.run_id = published.run_id
  GROUP BY incident.monitor, incident.incident_id
)
SELECT incident.*, newest.reported_at
FROM incidents AS incident
JOIN newest
  ON incident.monitor = newest.monitor
  AND incident.incident_id = newest.incident_id
  AND incident.run_id = newest.run_id
