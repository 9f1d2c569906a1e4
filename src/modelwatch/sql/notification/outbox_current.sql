-- Delivery of messages: one row per message and sink. Key: monitor, message_id, sink.
--
-- - `status`: `pending`, `sent`, `failed` (the next run tries again), or `rejected` (final).
-- - `attempts`: Number of attempts so far.
-- - `written_at`: When the message was written.
-- - `attempted_at`: When delivery was last attempted; null if it was not.
-- - `error`: Why the last attempt failed, without addresses and secrets; null if it did not.
WITH tried AS (
  SELECT
    monitor,
    message_id,
    sink,
    max_by(status, attempt) AS status,
    max(attempt) AS attempts,
    max(recorded_at) AS attempted_at,
    max_by(error, attempt) AS error
  FROM outbox
  WHERE status <> 'pending'
  GROUP BY monitor, message_id, sink
),
written AS (
  SELECT
    letters.monitor,
    letters.message_id,
    letters.sink,
    min(letters.recorded_at) AS written_at,
    min_by(
      struct(
        letters.event,
        letters.incident_id,
        letters.severity,
        letters.title,
        letters.body,
        letters.query
      ),
      letters.recorded_at
    ) AS latest
  FROM outbox AS letters
  JOIN published_runs AS published
    ON letters.monitor = published.monitor AND letters.run_id = published.run_id
  WHERE letters.status = 'pending'
  GROUP BY letters.monitor, letters.message_id, letters.sink
)
SELECT
  written.monitor,
  written.message_id,
  written.sink,
  coalesce(tried.status, 'pending') AS status,
  coalesce(tried.attempts, 0) AS attempts,
  written.written_at,
  tried.attempted_at,
  tried.error,
  written.latest.event,
  written.latest.incident_id,
  written.latest.severity,
  written.latest.title,
  written.latest.body,
  written.latest.query
FROM written
LEFT JOIN tried
  ON written.monitor = tried.monitor
  AND written.message_id = tried.message_id
  AND written.sink = tried.sink
