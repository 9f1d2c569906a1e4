-- One row a change of an incident, and one a thing that a person said of it. Key: monitor,
-- incident_id, at, event, position. Order by at and position.
SELECT
  events.monitor,
  events.incident_id,
  events.told_at AS at,
  events.position,
  events.event,
  events.day,
  events.by,
  events.detail,
  events.run_id
FROM incident_events AS events
JOIN published_runs AS published
  ON events.monitor = published.monitor AND events.run_id = published.run_id
-- What people said stands below as they said it, from that moment on.
WHERE events.event NOT IN ('acknowledged', 'muted', 'false_alarm')
UNION ALL
SELECT DISTINCT
  monitor,
  incident_id,
  at,
  0 AS position,
  action AS event,
  date(at) AS day,
  coalesce(by, '(nobody)') AS by,
  concat_ws('; ', 'until ' || string(until), note) AS detail,
  string(NULL) AS run_id
FROM incident_actions
