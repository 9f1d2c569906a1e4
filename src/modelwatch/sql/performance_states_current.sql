-- Current performance states: one row per part of a state. Key: monitor, day, model_version,
-- segmentation, segment, kind, name, part.
SELECT states.*
FROM performance_states AS states
JOIN current_performance_days AS days
  ON states.monitor = days.monitor
  AND states.run_id = days.run_id
  AND states.day = days.day
