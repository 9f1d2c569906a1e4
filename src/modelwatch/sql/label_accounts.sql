-- One row a day of predictions: what became of the labels read for it. Key: monitor, day.
SELECT
  monitor,
  day,
  max(as_of) AS as_of,
  sum(counts[0]) AS label_rows,
  sum(counts[1]) AS repeated,
  sum(counts[2]) AS corrections,
  sum(counts[3]) AS conflicts,
  sum(counts[4]) AS unknown_ids,
  sum(counts[5]) AS unknown_classes,
  sum(counts[6]) AS due_before_day,
  sum(counts[7]) AS null_scores,
  sum(counts[8]) AS nan_scores,
  sum(counts[9]) AS scores_out_of_range,
  max(last_known) AS last_known,
  min(next_known) AS next_known
FROM performance_states_current
WHERE kind = 'labels'
GROUP BY monitor, day
