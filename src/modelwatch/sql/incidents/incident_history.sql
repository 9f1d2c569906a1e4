-- History of incidents: one row per change of an incident, and per response of a person. Order by
-- `recorded_at` and `position`. Key: monitor, incident_id, recorded_at, event, position.
--
-- - `recorded_at`: When a run recorded the change, or when the person responded.
-- - `position`: Order among the changes that a run recorded; 0 for responses.
-- - `event`: Kind of change, or the response: `acknowledge`, `mute`, `unmute`, `false_alarm`, or
--   `reopen`.
-- - `responded_by`: Who responded; `(nobody)` if no name was given, null for changes.
-- - `detail`: Change in words, or the end of a mute and the note.
SELECT
  events.monitor,
  events.incident_id,
  events.reported_at AS recorded_at,
  events.position,
  events.event,
  events.day,
  events.responded_by,
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
  responded_at,
  0 AS position,
  action AS event,
  date(responded_at) AS day,
  coalesce(responded_by, '(nobody)') AS responded_by,
  concat_ws('; ', 'until ' || string(until), note) AS detail,
  string(NULL) AS run_id
FROM incident_actions
