-- One row for each user: days of use, devices, workouts, favourite sport.
-- Joins all four formats of the lake: users (CSV), events (Parquet), workouts (nested JSON) and
-- devices (Arrow). Users who never appear in the events have NULL and 0 there.
WITH used AS (
  SELECT
    user_id,
    count(DISTINCT day) AS active_days,
    count(*) AS events,
    max(event_time) AS last_seen
  FROM raw.device_events
  GROUP BY user_id
),
trained AS (
  SELECT
    user_id,
    count(*) AS workouts,
    round(sum(duration_s) / 3600.0, 1) AS hours,
    sum(distance_m) / 1000 AS km,
    sum(heart_rate['zones'][5]) AS hardest_zone_s
  FROM raw.workouts
  GROUP BY user_id
),
favourites AS (
  SELECT user_id, sport
  FROM raw.workouts
  GROUP BY user_id, sport
  QUALIFY row_number() OVER (PARTITION BY user_id ORDER BY count(*) DESC, sport) = 1
),
owned AS (
  SELECT owner_user_id, count(*) AS devices, sum(price) AS spent
  FROM raw.devices
  WHERE owner_user_id IS NOT NULL
  GROUP BY owner_user_id
)
SELECT
  u.user_id,
  u.name,
  u.city,
  u.plan,
  o.devices,
  o.spent,
  coalesce(e.active_days, 0) AS active_days,
  coalesce(e.events, 0) AS events,
  e.last_seen,
  coalesce(t.workouts, 0) AS workouts,
  t.hours,
  t.km,
  t.hardest_zone_s,
  f.sport AS favourite_sport
FROM raw.users AS u
LEFT JOIN owned AS o ON o.owner_user_id = u.user_id
LEFT JOIN used AS e ON e.user_id = u.user_id
LEFT JOIN trained AS t ON t.user_id = u.user_id
LEFT JOIN favourites AS f ON f.user_id = u.user_id
