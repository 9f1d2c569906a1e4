-- One row a rule and day on which rows fail it: how many, of how many, and since when without a
-- break. Key: monitor, day, role, rule.
WITH counted AS (
  SELECT accounts.monitor, accounts.day, accounts.role, accounts.run_id, inline(accounts.rules)
  FROM row_accounts_current AS accounts
),
marked AS (
  SELECT
    *,
    sum(CASE WHEN failed = 0 THEN 1 ELSE 0 END)
      OVER (PARTITION BY monitor, role, rule ORDER BY day) AS days_without
  FROM counted
)
SELECT
  monitor,
  day,
  role,
  rule,
  treatment,
  judged,
  failed,
  failed / judged AS share,
  min(CASE WHEN failed > 0 THEN day END)
    OVER (PARTITION BY monitor, role, rule, days_without) AS since,
  run_id
FROM marked
WHERE failed > 0
