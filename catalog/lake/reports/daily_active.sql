-- Daily active users by city and device model.
-- A user is active on a day (UTC) on which one of their devices reported anything; somebody with
-- two models counts for each. Users whose record is broken in the CSV file are left out.
-- Filter by day: only the folders of those days are read.
SELECT
  e.day,
  u.city,
  d.model,
  count(DISTINCT e.user_id) AS active_users,
  count(*) AS events
FROM raw.device_events AS e
JOIN raw.users AS u ON u.user_id = e.user_id
JOIN raw.devices AS d ON d.device_id = e.device_id
GROUP BY e.day, u.city, d.model
