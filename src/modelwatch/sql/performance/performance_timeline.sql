-- Performance over time: one row per metric and window, with the value of the due cohort, the
-- estimate, and the value of early labels. Key: monitor, window_name, window_start, model_version,
-- segmentation, segment, metric.
--
-- - `value`: Value of the due cohort; null if undefined.
-- - `estimate`: Estimate without labels; null for none.
-- - `estimate_lower`: Lower end of the interval of the estimate.
-- - `estimate_upper`: Upper end of that interval.
-- - `estimate_reason`: Why there is no estimate; null if there is one.
-- - `early_value`: Value of predictions that are not due but have a label; they are rarely a
--   random sample.
-- - `early_labelled_rows`: Number of these predictions.
-- - `not_due_rows`: Predictions of the window that are not due.
WITH latest AS (
  SELECT
    monitor,
    run_id,
    as_of,
    window_name,
    window_start,
    window_end,
    partial,
    model_version,
    segmentation,
    segment,
    metric,
    cohort,
    value,
    reason,
    lower,
    upper,
    iid_lower,
    iid_upper,
    due_rows,
    labelled_rows,
    coverage,
    note
  FROM performance_current
  WHERE reference IS NULL
)
SELECT
  due.monitor,
  due.window_name,
  due.window_start,
  due.window_end,
  due.partial,
  due.as_of,
  due.model_version,
  due.segmentation,
  due.segment,
  due.metric,
  due.value,
  due.reason,
  due.lower,
  due.upper,
  due.iid_lower,
  due.iid_upper,
  due.due_rows,
  due.labelled_rows,
  due.coverage,
  due.note,
  estimates.value AS estimate,
  estimates.lower AS estimate_lower,
  estimates.upper AS estimate_upper,
  estimates.reason AS estimate_reason,
  early.value AS early_value,
  early.labelled_rows AS early_labelled_rows,
  early.due_rows AS not_due_rows
FROM latest AS due
LEFT JOIN latest AS early
  ON due.monitor = early.monitor
  AND due.run_id = early.run_id
  AND due.window_name = early.window_name
  AND due.window_start = early.window_start
  AND due.model_version = early.model_version
  AND due.segmentation = early.segmentation
  AND due.segment = early.segment
  AND due.metric = early.metric
  AND early.cohort = 'early'
LEFT JOIN performance_estimates AS estimates
  ON due.monitor = estimates.monitor
  AND due.run_id = estimates.run_id
  AND due.window_name = estimates.window_name
  AND due.window_start = estimates.window_start
  AND due.model_version = estimates.model_version
  AND due.segmentation = estimates.segmentation
  AND due.segment = estimates.segment
  AND due.metric = estimates.metric
WHERE due.cohort = 'due'
