-- Monthly states of features whose daily states were removed: one row per state. Key: monitor,
-- run_id, month, role, model_version, segmentation, segment, feature, kind, binning.
SELECT states.*
FROM feature_states_monthly AS states
JOIN runs AS maintained
  ON states.monitor = maintained.monitor
  AND states.run_id = maintained.run_id
WHERE maintained.outcome = 'maintained'
