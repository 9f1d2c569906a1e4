-- What happened to labels: one row per day of predictions. Key: monitor, day.
--
-- - `as_of`: As-of day of the run that read the labels.
-- - `label_rows`: Rows of the labels table.
-- - `repeated`: Rows beyond the first of an id.
-- - `corrections`: Labels that replaced an earlier one.
-- - `conflicts`: Contradictory labels of one id without a known order.
-- - `unknown_ids`: Labels without a prediction.
-- - `unknown_classes`: Labels that belong to no class (multiclass tasks).
-- - `due_before_day`: Predictions whose due date precedes their day.
-- - `null_scores`: Predictions without a score.
-- - `nan_scores`: Predictions with the score NaN.
-- - `scores_out_of_range`: Predictions whose score is not a probability.
-- - `last_known`: Latest day on which a counted label became known; null for none.
-- - `next_known`: Earliest day on which a label that does not count yet becomes known; null for
--   none.
SELECT
  monitor,
  day,
  max(as_of) AS as_of,
  sum(if(position = 0, row_count, 0)) AS label_rows,
  sum(if(position = 1, row_count, 0)) AS repeated,
  sum(if(position = 2, row_count, 0)) AS corrections,
  sum(if(position = 3, row_count, 0)) AS conflicts,
  sum(if(position = 4, row_count, 0)) AS unknown_ids,
  sum(if(position = 5, row_count, 0)) AS unknown_classes,
  sum(if(position = 6, row_count, 0)) AS due_before_day,
  sum(if(position = 7, row_count, 0)) AS null_scores,
  sum(if(position = 8, row_count, 0)) AS nan_scores,
  sum(if(position = 9, row_count, 0)) AS scores_out_of_range,
  max(last_known) AS last_known,
  min(next_known) AS next_known
FROM performance_states_current
LATERAL VIEW OUTER inline(arrays_zip(positions, counts)) counted AS position, row_count
WHERE kind = 'labels'
GROUP BY monitor, day
