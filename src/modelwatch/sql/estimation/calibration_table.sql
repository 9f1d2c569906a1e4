-- Calibration of a binary model: one row per window and tenth of the predicted probability, over
-- labeled predictions of the due cohort. A score bin belongs to the tenth that contains its mean.
-- Scores of kind `rank` have no rows. Key: monitor, window_name, window_start, model_version,
-- segmentation, segment, tenth.
--
-- - `tenth`: Tenth of the probability, from 0 to 9.
-- - `row_count`: Labeled predictions of the due cohort in the tenth.
-- - `positives`: Rows with a positive label.
-- - `mean_score`: Mean predicted probability.
-- - `positive_share`: Share of rows with a positive label.
WITH edges AS (
  SELECT
    monitor,
    fingerprint,
    first(edges) AS edges,
    first(get_json_object(settings, '$.score_kind')) AS score_kind
  FROM binnings
  WHERE kind = 'numeric'
  GROUP BY monitor, fingerprint
),
bins AS (
  SELECT
    states.monitor,
    states.model_version,
    states.segmentation,
    states.segment,
    evaluated.window_name,
    evaluated.window_start,
    position % (counts_length div 6) AS bin,
    (position div (counts_length div 6)) % 3 AS label,
    sum(bin_rows) AS row_count,
    sum(bin_scores) / power(2, 30) AS scores
  FROM performance_states_current AS states
  JOIN performance_windows_current AS evaluated
    ON states.monitor = evaluated.monitor
    AND states.day BETWEEN evaluated.window_start AND evaluated.window_end
  JOIN edges ON states.monitor = edges.monitor AND states.binning = edges.fingerprint
  LATERAL VIEW inline(
    arrays_zip(states.due_days, states.positions, states.counts, states.sums)
  ) exploded AS due_day, position, bin_rows, bin_scores
  WHERE
    states.kind = 'binary'
    AND due_day <= evaluated.as_of
    AND bin_rows > 0
    -- Null, NaN and scores that are not probabilities belong to no tenth.
    AND CASE edges.score_kind
      WHEN 'rank' THEN false
      WHEN 'logit' THEN position % int(counts_length div 6) >= 2
      WHEN 'percentage' THEN
        get(edges.edges, position % int(counts_length div 6) - 2) BETWEEN 0 AND 100
      ELSE get(edges.edges, position % int(counts_length div 6) - 2) BETWEEN 0 AND 1
    END
  GROUP BY ALL
),
labelled AS (
  SELECT
    *,
    least(
      int(floor(
        10 * sum(scores) OVER (
          PARTITION BY monitor, model_version, segmentation, segment, window_name, window_start, bin
        ) / sum(row_count) OVER (
          PARTITION BY monitor, model_version, segmentation, segment, window_name, window_start, bin
        )
      )),
      9
    ) AS tenth
  FROM bins
  WHERE label > 0
)
SELECT
  monitor,
  window_name,
  window_start,
  model_version,
  segmentation,
  segment,
  tenth,
  sum(row_count) AS row_count,
  sum(if(label = 2, row_count, 0)) AS positives,
  sum(scores) / sum(row_count) AS mean_score,
  sum(if(label = 2, row_count, 0)) / sum(row_count) AS positive_share
FROM labelled
GROUP BY ALL
