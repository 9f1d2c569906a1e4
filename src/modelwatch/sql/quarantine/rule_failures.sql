-- Rows that break a rule: one row per rule and day with such rows. Key: monitor, day, role,
-- rule_name.
--
-- - `rule_name`: Name of the rule.
-- - `treatment`: Treatment of rows that break it.
-- - `judged`: Rows that the rule was applied to.
-- - `failed`: Rows that break it.
-- - `share`: `failed` divided by `judged`.
-- - `onset`: First of the consecutive days on which rows break the rule.
WITH counted AS (
  SELECT monitor, day, role, run_id, rule_name, treatment, judged, failed
  FROM row_accounts_current
  LATERAL VIEW inline(rules) rule AS rule_name, treatment, judged, failed
),
marked AS (
  SELECT
    *,
    sum(CASE WHEN failed = 0 THEN 1 ELSE 0 END)
      OVER (PARTITION BY monitor, role, rule_name ORDER BY day) AS days_without
  FROM counted
)
SELECT
  monitor,
  day,
  role,
  rule_name,
  treatment,
  judged,
  failed,
  failed / nullif(judged, 0) AS share,
  min(CASE WHEN failed > 0 THEN day END)
    OVER (PARTITION BY monitor, role, rule_name, days_without) AS onset,
  run_id
FROM marked
WHERE failed > 0
