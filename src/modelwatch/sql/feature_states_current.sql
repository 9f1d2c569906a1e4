-- Current states of features: one row per state. Key: monitor, day, role, model_version,
-- segmentation, segment, feature, kind.
SELECT states.*
FROM feature_states AS states
JOIN current_days AS days
  ON states.monitor = days.monitor
  AND states.run_id = days.run_id
  AND states.day = days.day
WHERE states.role NOT LIKE 'reference:%'
UNION ALL
SELECT states.*
FROM feature_states AS states
JOIN current_references AS referred
  ON states.monitor = referred.monitor
  AND states.run_id = referred.run_id
  AND states.role = referred.role
