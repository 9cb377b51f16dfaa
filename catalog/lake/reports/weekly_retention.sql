-- Weekly retention by week of sign-up: of the users who signed up in a week, how many were active
-- 0, 1, 2, … weeks later.
-- Weeks begin on Monday (UTC). Only weeks that lie wholly within the events take part, so the last
-- number of a cohort is never low merely because its week is not over.
WITH period AS (
  SELECT min(day) AS first_day, max(day) AS last_day FROM raw.device_events
),
cohorts AS (
  SELECT user_id, CAST(date_trunc('week', signup_time) AS DATE) AS cohort_week
  FROM raw.users
),
activity AS (
  SELECT DISTINCT user_id, CAST(date_trunc('week', day) AS DATE) AS week
  FROM raw.device_events
),
sizes AS (
  SELECT c.cohort_week, count(*) AS users
  FROM cohorts AS c CROSS JOIN period AS p
  WHERE c.cohort_week BETWEEN p.first_day AND p.last_day - INTERVAL '6' DAY
  GROUP BY c.cohort_week
)
SELECT
  s.cohort_week,
  s.users,
  (a.week - s.cohort_week) / 7 AS weeks_later,
  count(*) AS active_users,
  round(100 * CAST(count(*) AS DOUBLE) / s.users, 1) AS retention_pct
FROM sizes AS s
JOIN cohorts AS c ON c.cohort_week = s.cohort_week
JOIN activity AS a ON a.user_id = c.user_id AND a.week >= s.cohort_week
CROSS JOIN period AS p
WHERE a.week <= p.last_day - INTERVAL '6' DAY
GROUP BY s.cohort_week, s.users, a.week
