-- One row a constraint and day whose verdict is not 'pass'. Key: monitor, day, constraint.
SELECT
  monitor,
  day,
  `constraint`,
  kind,
  `column`,
  `where`,
  verdict,
  observed,
  lower,
  upper,
  reason,
  rows,
  run_id
FROM constraints_current
WHERE verdict <> 'pass'
