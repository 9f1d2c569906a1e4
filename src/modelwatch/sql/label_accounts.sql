-- One row per day of predictions: what became of the labels read for it. Key: monitor, day.
SELECT
  monitor,
  day,
  max(as_of) AS as_of,
  sum(if(position = 0, rows, 0)) AS label_rows,
  sum(if(position = 1, rows, 0)) AS repeated,
  sum(if(position = 2, rows, 0)) AS corrections,
  sum(if(position = 3, rows, 0)) AS conflicts,
  sum(if(position = 4, rows, 0)) AS unknown_ids,
  sum(if(position = 5, rows, 0)) AS unknown_classes,
  sum(if(position = 6, rows, 0)) AS due_before_day,
  sum(if(position = 7, rows, 0)) AS null_scores,
  sum(if(position = 8, rows, 0)) AS nan_scores,
  sum(if(position = 9, rows, 0)) AS scores_out_of_range,
  max(last_known) AS last_known,
  min(next_known) AS next_known
FROM performance_states_current
LATERAL VIEW OUTER inline(arrays_zip(positions, counts)) counted AS position, rows
WHERE kind = 'labels'
GROUP BY monitor, day
