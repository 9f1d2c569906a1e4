-- Open incidents with their evidence: one row per incident. Key: monitor, incident_id.
--
-- - `calls`: Whether the incident needs attention: severity `fail`, importance above 0, neither
--   acknowledged nor muted.
-- - `parts`: Subjects that belong to the incident and still fail, by effect.
-- - `said_since`: Latest response of a person that no run has processed yet; null for none.
WITH parts AS (
  SELECT
    monitor,
    parent_id,
    transform(
      array_sort(
        collect_list(struct(-effect AS smallness, subject, segmentation, segment, figure, since))
      ),
      part -> struct(
        part.subject,
        part.segmentation,
        part.segment,
        part.figure,
        -part.smallness AS effect,
        part.since
      )
    ) AS parts
  FROM incidents_current
  WHERE state = 'open' AND parent_id IS NOT NULL
  GROUP BY monitor, parent_id
),
said AS (
  SELECT
    actions.monitor,
    actions.incident_id,
    max_by(actions.action, actions.at) AS said_since
  FROM incident_actions AS actions
  JOIN incidents_current AS kept
    ON actions.monitor = kept.monitor AND actions.incident_id = kept.incident_id
  WHERE actions.at > kept.told_at
  GROUP BY actions.monitor, actions.incident_id
)
SELECT
  kept.monitor,
  kept.rank,
  kept.incident_id,
  kept.severity,
  kept.sentence,
  kept.query,
  kept.severity = 'fail'
    AND kept.importance > 0
    AND kept.acknowledged_at IS NULL
    AND kept.muted_until IS NULL AS calls,
  kept.family,
  kept.role,
  kept.subject,
  kept.segmentation,
  kept.segment,
  kept.model_version,
  kept.window,
  kept.since,
  kept.since_lower,
  kept.since_upper,
  kept.shape,
  kept.opened,
  kept.last_failing,
  kept.reopened,
  kept.failing_windows,
  kept.kind,
  kept.confidence,
  kept.evidence,
  kept.spread,
  kept.carrier_column,
  kept.carrier_value,
  kept.carrier_changed_share,
  kept.carrier_row_share,
  kept.figure,
  kept.reference,
  kept.value,
  kept.expected,
  kept.threshold,
  kept.effect,
  kept.effect_now,
  kept.adjusted_p,
  kept.rows,
  kept.worst_start,
  kept.worst_end,
  kept.traffic_share,
  kept.importance,
  kept.score,
  coalesce(parts.parts, array()) AS parts,
  kept.related,
  kept.acknowledged_by,
  kept.acknowledged_at,
  kept.muted_until,
  said.said_since,
  kept.as_of,
  kept.run_id
FROM incidents_current AS kept
LEFT JOIN parts ON kept.monitor = parts.monitor AND kept.incident_id = parts.parent_id
LEFT JOIN said ON kept.monitor = said.monitor AND kept.incident_id = said.incident_id
WHERE kept.state = 'open' AND kept.parent_id IS NULL
