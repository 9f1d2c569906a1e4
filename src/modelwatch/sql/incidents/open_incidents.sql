-- Open incidents with their evidence: one row per incident. Key: monitor, incident_id.
--
-- - `needs_attention`: Whether the incident needs attention: severity `fail`, importance above 0, neither
--   acknowledged nor muted.
-- - `parts`: Subjects that belong to the incident and still fail, by effect.
-- - `pending_response`: Latest response of a person that no run has processed yet; null for none.
WITH parts AS (
  SELECT
    monitor,
    parent_id,
    transform(
      array_sort(
        collect_list(struct(-effect AS smallness, subject, segmentation, segment, metric, onset))
      ),
      part -> struct(
        part.subject,
        part.segmentation,
        part.segment,
        part.metric,
        -part.smallness AS effect,
        part.onset
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
    max_by(actions.action, actions.responded_at) AS pending_response
  FROM incident_actions AS actions
  JOIN incidents_current AS incident
    ON actions.monitor = incident.monitor AND actions.incident_id = incident.incident_id
  WHERE actions.responded_at > incident.reported_at
  GROUP BY actions.monitor, actions.incident_id
)
SELECT
  incident.monitor,
  incident.rank,
  incident.incident_id,
  incident.severity,
  incident.sentence,
  incident.query,
  incident.severity = 'fail'
    AND incident.importance > 0
    AND incident.acknowledged_at IS NULL
    AND incident.muted_until IS NULL AS needs_attention,
  incident.area,
  incident.role,
  incident.subject,
  incident.segmentation,
  incident.segment,
  incident.model_version,
  incident.window_name,
  incident.onset,
  incident.onset_lower,
  incident.onset_upper,
  incident.shape,
  incident.opened,
  incident.last_failing,
  incident.reopened,
  incident.failing_windows,
  incident.kind,
  incident.confidence,
  incident.evidence,
  incident.spread,
  incident.carrier_column,
  incident.carrier_value,
  incident.carrier_changed_share,
  incident.carrier_row_share,
  incident.metric,
  incident.reference,
  incident.value,
  incident.expected,
  incident.threshold,
  incident.effect,
  incident.latest_effect,
  incident.adjusted_p,
  incident.row_count,
  incident.worst_start,
  incident.worst_end,
  incident.traffic_share,
  incident.importance,
  incident.score,
  coalesce(parts.parts, array()) AS parts,
  incident.related,
  incident.acknowledged_by,
  incident.acknowledged_at,
  incident.muted_until,
  said.pending_response,
  incident.as_of,
  incident.run_id
FROM incidents_current AS incident
LEFT JOIN parts ON incident.monitor = parts.monitor AND incident.incident_id = parts.parent_id
LEFT JOIN said ON incident.monitor = said.monitor AND incident.incident_id = said.incident_id
WHERE incident.state = 'open' AND incident.parent_id IS NULL
