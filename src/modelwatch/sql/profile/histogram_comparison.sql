-- Histograms: one row per feature, window_name, and bin, including empty bins, so that two windows
-- can be joined on `binning` and `bin`. Key: monitor, model_version, segmentation, segment, role,
-- feature, window_name, window_start, binning, bin.
--
-- - `window_start`: First day of the window.
-- - `binning`: Fingerprint of the frozen bins.
-- - `bin`: Position of the bin in the count vector of `feature_states`.
-- - `label`: Bin for display: a value, an interval, or `(null)`, `(NaN)`, `(other)`, `(unseen)`. A
--   value that equals one of these is in double quotes.
-- - `lower`: Lower edge of a numeric bin, included.
-- - `upper`: Upper edge of a numeric bin, excluded. If no number lies between the edges, the bin
--   contains `lower` only.
-- - `row_count`: Rows in the bin.
-- - `share`: Share of the rows of the window.
WITH bins AS (
  SELECT
    monitor,
    role,
    feature,
    fingerprint,
    first(kind) AS kind,
    first(edges) AS edges,
    first(categories) AS categories
  FROM binnings
  GROUP BY monitor, role, feature, fingerprint
),
counted AS (
  SELECT
    states.monitor,
    states.model_version,
    states.segmentation,
    states.segment,
    states.role,
    states.feature,
    states.binning,
    windows.window_name,
    windows.window_start,
    windows.window_end,
    cells.bin,
    sum(cells.row_count) AS row_count
  FROM feature_states_current AS states
  JOIN current_windows AS windows
    ON states.monitor = windows.monitor
    AND states.day BETWEEN windows.window_start AND windows.window_end
  -- A zero for every bin, beside the bins that hold something.
  LATERAL VIEW inline(
    concat(
      transform(
        sequence(0, states.counts_length - 1), bin -> struct(bin AS bin, 0L AS row_count)
      ),
      transform(
        states.counts,
        (held, at) -> struct(coalesce(get(states.positions, at), at) AS bin, held AS row_count)
      )
    )
  ) cells AS bin, row_count
  WHERE states.kind IN ('numeric', 'categorical') AND states.role NOT LIKE 'reference:%'
  GROUP BY ALL
),
bounded AS (
  SELECT
    counted.*,
    bins.kind,
    if(bins.kind = 'numeric', get(bins.edges, counted.bin - 2), NULL) AS lower,
    if(
      bins.kind = 'numeric' AND counted.bin >= 2,
      coalesce(get(bins.edges, counted.bin - 1), double('Infinity')),
      NULL
    ) AS upper,
    if(bins.kind = 'categorical', get(bins.categories, counted.bin - 3), NULL) AS value
  FROM counted
  JOIN bins
    ON counted.monitor = bins.monitor
    AND counted.role = bins.role
    AND counted.feature = bins.feature
    AND counted.binning = bins.fingerprint
)
SELECT
  monitor,
  model_version,
  segmentation,
  segment,
  role,
  feature,
  window_name,
  window_start,
  window_end,
  binning,
  bin,
  CASE
    WHEN bin = 0 THEN '(null)'
    WHEN kind = 'categorical' AND bin = 1 THEN '(other)'
    WHEN kind = 'categorical' AND bin = 2 THEN '(unseen)'
    -- As the module value_names has it: a value is never taken for a code.
    WHEN kind = 'categorical' AND (
      value IN ('(null)', '(NaN)', '(other)', '(unseen)', '(rest)', '(none)', 'all', '*')
      OR startswith(value, '"')
    ) THEN concat('"', replace(value, '"', '""'), '"')
    WHEN kind = 'categorical' THEN value
    WHEN bin = 1 THEN '(NaN)'
    WHEN lower = upper THEN string(float(lower))
    -- Neighbours among the doubles: at most 2^-52 of their size apart.
    WHEN lower > double('-Infinity') AND upper - lower <= abs(lower) * 2.220446049250313E-16D
      THEN string(float(lower))
    WHEN lower = 0 AND upper < 1E-300D THEN '0.0'
    WHEN upper = -1.7976931348623157E308D THEN '-Infinity'
    ELSE concat('[', string(float(lower)), ', ', string(float(upper)), ')')
  END AS label,
  lower,
  upper,
  row_count,
  row_count / nullif(
    sum(row_count) OVER (
      PARTITION BY monitor, model_version, segmentation, segment, role, feature, window_name,
        window_start, binning
    ),
    0
  ) AS share
FROM bounded
