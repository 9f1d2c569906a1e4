-- Monthly performance states whose daily states were removed: one row per state. Key: monitor,
-- run_id, month, model_version, segmentation, segment, kind, name, binning.
SELECT states.*
FROM performance_states_monthly AS states
JOIN runs AS maintained
  ON states.monitor = maintained.monitor
  AND states.run_id = maintained.run_id
WHERE maintained.outcome = 'maintained'
