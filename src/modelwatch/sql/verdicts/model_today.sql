-- Status page of each model: its health, open incidents, latest performance with coverage and
-- estimate, and retraining decisions. One row per line; order by `section` and `position`. Key:
-- monitor, model_version, section, position.
--
-- - `day`: Newest day with data.
-- - `section`: `1 health`, `2 incidents`, `3 performance`, or `4 retraining`.
-- - `position`: Order within the section.
-- - `subject`: Model version, subject of the incident, performance metric, or name of the policy.
-- - `state`: Health: `needs_attention` (an incident needs attention), `no_action` (incidents are
--   open, and all are acknowledged, muted, or of severity `warn`), `unknown` (nothing was judged),
--   or `healthy`. Incidents: the severity, or `no_action`. Performance: the kind of window, or
--   `estimate`. Retraining: the decision.
-- - `value`: Health: rows of the day. Otherwise the value of the incident, metric, or policy.
-- - `lower`: Lower end of the 95% interval; null without one.
-- - `upper`: Upper end of that interval; null without one.
-- - `coverage`: Coverage of the performance metric; null in other sections.
-- - `estimate`: Latest estimate of the performance metric; null in other sections.
-- - `window_start`: First day of the window; onset of the incident; first day of the suggested
--   training data.
-- - `window_end`: Last day of the window; last failing day of the incident; last day of the
--   suggested training data.
-- - `incident_id`: Id of the incident; null in other sections.
-- - `sentence`: Summary in words; null for none.
WITH latest AS (
  SELECT monitor, max(day) AS day
  FROM current_days
  GROUP BY monitor
),
models AS (
  SELECT states.monitor, states.model_version, states.day, sum(states.row_count) AS row_count
  FROM feature_states_current AS states
  JOIN latest ON states.monitor = latest.monitor AND states.day = latest.day
  WHERE states.kind = 'rows'
  GROUP BY states.monitor, states.model_version, states.day
),
mine AS (
  SELECT models.model_version AS of_version, models.day, incidents.*
  FROM models
  JOIN open_incidents AS incidents
    ON models.monitor = incidents.monitor
    -- Data are the same for all models; performance is that of one.
    AND (
      incidents.area NOT IN ('performance', 'estimate')
      OR incidents.model_version IN ('*', models.model_version)
    )
),
counted AS (
  SELECT
    monitor,
    of_version,
    count(*) AS open,
    count_if(needs_attention) AS needing_attention,
    min_by(sentence, coalesce(rank, 2147483647)) AS worst
  FROM mine
  GROUP BY monitor, of_version
),
judged AS (
  SELECT verdicts.monitor, count_if(verdicts.verdict IN ('pass', 'warn', 'fail')) AS known
  FROM verdicts_current AS verdicts
  JOIN latest
    ON verdicts.monitor = latest.monitor
    AND latest.day BETWEEN verdicts.window_start AND verdicts.window_end
  GROUP BY verdicts.monitor
),
performance AS (
  SELECT
    monitor,
    model_version,
    metric,
    -- The last window with an interval says more than a later one without; longer ones more yet.
    max_by(
      struct(window_name, window_start, window_end, value, lower, upper, coverage, note),
      struct(lower IS NOT NULL, window_end, -datediff(window_start, DATE'1970-01-01'))
    ) FILTER (WHERE value IS NOT NULL AND NOT partial) AS measured,
    max_by(
      struct(estimate, estimate_lower, estimate_upper, window_start, window_end),
      struct(window_end, -datediff(window_start, DATE'1970-01-01'))
    ) FILTER (WHERE estimate IS NOT NULL) AS estimated
  FROM performance_timeline
  WHERE segmentation = 'all'
  GROUP BY monitor, model_version, metric
)
SELECT
  models.monitor,
  models.model_version,
  models.day,
  '1 health' AS section,
  1 AS position,
  models.model_version AS subject,
  CASE
    WHEN counted.needing_attention > 0 THEN 'needs_attention'
    WHEN counted.open > 0 THEN 'no_action'
    WHEN coalesce(judged.known, 0) = 0 THEN 'unknown'
    ELSE 'healthy'
  END AS state,
  double(models.row_count) AS value,
  double(NULL) AS lower,
  double(NULL) AS upper,
  double(NULL) AS coverage,
  double(NULL) AS estimate,
  models.day AS window_start,
  models.day AS window_end,
  string(NULL) AS incident_id,
  CASE
    WHEN counted.open > 0
      THEN concat(
        counted.open, ' open, ', counted.needing_attention, ' need',
        CASE WHEN counted.needing_attention = 1 THEN 's' ELSE '' END, ' attention. ', counted.worst
      )
    WHEN coalesce(judged.known, 0) = 0 THEN 'no metric of this day was evaluated'
    ELSE 'no incident is open'
  END AS sentence
FROM models
LEFT JOIN counted
  ON models.monitor = counted.monitor AND models.model_version = counted.of_version
LEFT JOIN judged ON models.monitor = judged.monitor
UNION ALL
SELECT
  monitor,
  of_version,
  day,
  '2 incidents',
  int(row_number() OVER (
    PARTITION BY monitor, of_version ORDER BY rank NULLS LAST, incident_id
  )),
  subject,
  if(needs_attention, severity, 'no_action'),
  value,
  double(NULL),
  double(NULL),
  double(NULL),
  double(NULL),
  onset,
  last_failing,
  incident_id,
  sentence
FROM mine
UNION ALL
SELECT
  models.monitor,
  models.model_version,
  models.day,
  '3 performance',
  int(row_number() OVER (
    PARTITION BY models.monitor, models.model_version ORDER BY performance.metric
  )),
  performance.metric,
  coalesce(performance.measured.window_name, 'estimate'),
  performance.measured.value,
  performance.measured.lower,
  performance.measured.upper,
  performance.measured.coverage,
  performance.estimated.estimate,
  coalesce(performance.measured.window_start, performance.estimated.window_start),
  coalesce(performance.measured.window_end, performance.estimated.window_end),
  string(NULL),
  performance.measured.note
FROM models
JOIN performance
  ON models.monitor = performance.monitor AND models.model_version = performance.model_version
WHERE performance.measured IS NOT NULL OR performance.estimated IS NOT NULL
UNION ALL
SELECT
  models.monitor,
  models.model_version,
  models.day,
  '4 retraining',
  int(row_number() OVER (
    PARTITION BY models.monitor, models.model_version ORDER BY decided.policy
  )),
  decided.policy,
  decided.decision,
  decided.value,
  decided.lower,
  decided.upper,
  double(NULL),
  double(NULL),
  decided.training_first,
  decided.training_last,
  string(NULL),
  decided.evidence
FROM models
JOIN retraining_current AS decided
  ON models.monitor = decided.monitor AND models.model_version = decided.model_version
