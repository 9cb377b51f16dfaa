-- A tour of Sluice over its sample data. From the top of the repository:
--
--     sluice -f sample-data/tour.sql
--     sluice -f sample-data/tour.sql -v day=2026-08-29
--
-- The line below declares a parameter: a name, a type and a default. $day is bound as a value of that
-- type, never pasted into the text. Paste any statement into the prompt and change it; in the prompt,
-- write DATE '2026-09-01' for $day, or  \set day 2026-09-01  first.
--
-- @param day DATE = 2026-09-01 -- the day that most of the tour looks at

-- ── What is there ─────────────────────────────────────────────────────────────────────────────

-- 1. Catalogs are the files in catalog/; `lake` is catalog/lake.toml.
SHOW CATALOGS;

-- 2. Schemas of the current catalog; sluice.toml made that `lake`.
SHOW SCHEMAS;

-- 3. Tables of one schema. `devices` has no file in catalog/: the Arrow file in the lake says it all.
SHOW TABLES FROM lake.raw;

-- 4. Columns of a table; `day` is a partition: it comes from the names of the folders.
DESCRIBE lake.raw.device_events;

-- 5. What is in the columns: smallest, largest, how many distinct, how many NULL.
SUMMARIZE lake.raw.devices;

-- ── First questions ───────────────────────────────────────────────────────────────────────────

-- 6. `users` means lake.raw.users, because of [defaults] in sluice.toml.
SELECT user_id, name, city, plan, signup_time FROM users ORDER BY user_id LIMIT 5;

-- 7. A filter on the partition: one folder of forty is read. The receipt, below, proves it.
SELECT event_type, count(*) AS events, count(DISTINCT device_id) AS devices
FROM device_events
WHERE day = $day
GROUP BY event_type
ORDER BY events DESC;

-- 8. What the last statement read, skipped and pushed down, from which files, and how fresh they are.
SHOW RECEIPT;

-- 9. About what a statement would read, before it runs; max_scan_bytes refuses what is too much.
EXPLAIN ESTIMATE SELECT * FROM device_events WHERE day >= $day;

-- 10. The plan, with what reaches the files: the partition, and the filter on event_type.
EXPLAIN SELECT device_id, error_code FROM device_events WHERE day = $day AND event_type = 'error';

-- ── Broken records ────────────────────────────────────────────────────────────────────────────

-- 11. The CSV file has 2,008 records, of which 2,000 are good. The other eight are not lost …
SELECT count(*) AS good_users FROM users;

-- 12. … they are the rows of errors(), by kind …
SELECT kind, count(*) AS records FROM errors('lake.raw.users') GROUP BY kind ORDER BY kind;

-- 13. … with the line, the column and the value that did not fit.
SELECT _line, kind, column_name, value FROM errors('lake.raw.users') ORDER BY _line;

-- 14. Five lines of the JSON file are broken. What the reader could not take is there as bytes.
SELECT _line, kind, column_name, raw_length FROM errors('lake.raw.workouts') ORDER BY _line;

-- ── Joins across formats ──────────────────────────────────────────────────────────────────────

-- 15. Parquet with CSV with Arrow: which cities and plans were busy on the day?
SELECT u.city, u.plan, count(DISTINCT e.user_id) AS users, count(DISTINCT d.model) AS models
FROM device_events AS e
JOIN users AS u ON u.user_id = e.user_id
JOIN devices AS d ON d.device_id = e.device_id
WHERE e.day = $day
GROUP BY u.city, u.plan
ORDER BY users DESC, u.city, u.plan
LIMIT 5;

-- 16. What a file lacks is NULL: on 2026-08-29 one file of two has signal_dbm, and its columns stand in
-- another order. Columns are read by name, so nothing else shows.
SELECT day, count(*) AS events, count(signal_dbm) AS with_signal, round(avg(signal_dbm), 1) AS avg_dbm
FROM device_events
WHERE day BETWEEN DATE '2026-08-28' AND DATE '2026-08-30'
GROUP BY day
ORDER BY day;

-- ── Nested JSON ───────────────────────────────────────────────────────────────────────────────

-- 17. Objects and arrays are structs and lists; lists count from 1.
SELECT workout_id, sport, heart_rate['max'] AS max_rate, heart_rate['zones'][5] AS hardest_zone_s,
       laps[1]['meters'] AS first_lap_m, cardinality(laps) AS laps
FROM workouts
WHERE heart_rate IS NOT NULL AND cardinality(laps) > 1
ORDER BY workout_id
LIMIT 5;

-- 18. A row for each lap: the fastest laps by sport, one each.
SELECT sport, workout_id, lap['n'] AS lap_no, lap['meters'] AS meters, lap['seconds'] AS seconds,
       round(3.6 * lap['meters'] / lap['seconds'], 1) AS kmh
FROM (SELECT sport, workout_id, unnest(laps) AS lap FROM workouts)
QUALIFY row_number() OVER (
  PARTITION BY sport ORDER BY 1.0 * lap['meters'] / lap['seconds'] DESC, workout_id, lap['n']) = 1
ORDER BY kmh DESC;

-- 19. Tags are a list, too.
SELECT sport, count(*) AS races
FROM workouts
WHERE array_has(tags, 'race')
GROUP BY sport
ORDER BY races DESC, sport;

-- 20. JSON inside a VARCHAR column: functions for one value each, and ->> as in PostgreSQL.
SELECT settings ->> 'units' AS units,
       json_get_int(settings, 'sync_minutes') AS sync_minutes,
       count(*) AS devices,
       max(json_get_int(settings, 'alerts', 'heart_rate')) AS highest_alert,
       count(*) FILTER (WHERE json_get_bool(settings, 'cloud_backup')) AS with_backup
FROM devices
GROUP BY 1, 2
ORDER BY 1, 2;

-- ── Reports ───────────────────────────────────────────────────────────────────────────────────

-- 21. A view is a file: catalog/lake/reports/daily_active.sql. The filter on the day reaches the files.
SELECT city, model, active_users
FROM reports.daily_active
WHERE day = $day
ORDER BY active_users DESC, city, model
LIMIT 5;

-- 22. Retention by week of sign-up.
SELECT cohort_week, users, weeks_later, active_users, retention_pct
FROM reports.weekly_retention
WHERE cohort_week <= DATE '2026-08-10'
ORDER BY cohort_week, weeks_later;

-- 23. The worst device of each model, beside what is usual for the model.
SELECT model, device_id, city, events, errors, error_pct, model_error_pct
FROM reports.error_rate
WHERE rank_in_model = 1
ORDER BY error_pct DESC;

-- 24. One update helped, one harmed.
SELECT model, firmware, devices, events, errors_per_1000
FROM reports.firmware_health
WHERE model IN ('Loop Ring', 'Ridge GPS')
ORDER BY model, firmware;

-- 25. All four formats in one row for each user.
SELECT name, city, plan, devices, active_days, workouts, hours, km, favourite_sport
FROM reports.user_activity
ORDER BY workouts DESC, user_id
LIMIT 5;

-- ── Windows and time ──────────────────────────────────────────────────────────────────────────

-- 26. Active users by day, beside the day before and the mean of seven days.
SELECT day, users, users - lag(users) OVER (ORDER BY day) AS change,
       round(avg(users) OVER (ORDER BY day ROWS BETWEEN 6 PRECEDING AND CURRENT ROW), 1) AS mean_7_days
FROM (SELECT day, count(DISTINCT user_id) AS users FROM device_events GROUP BY day)
ORDER BY day DESC
LIMIT 7;

-- 27. Instants are UTC until `timezone` says otherwise …
SELECT event_id, event_time, date_trunc('day', event_time) AS day_begins
FROM device_events
WHERE day = $day AND event_type = 'workout_started'
ORDER BY event_id DESC
LIMIT 2;

-- 28. … which decides how they are shown, and where their days and hours begin.
SET timezone = 'Asia/Shanghai';

-- 29. The same two events: it was already tomorrow in Hangzhou.
SELECT event_id, event_time, date_trunc('day', event_time) AS day_begins
FROM device_events
WHERE day = $day AND event_type = 'workout_started'
ORDER BY event_id DESC
LIMIT 2;

-- 30. And back to the default.
RESET timezone;

-- 31. One column in another zone, whatever the setting says.
SELECT workout_id, started_at, started_at AT TIME ZONE 'America/Sao_Paulo' AS in_sao_paulo
FROM workouts
ORDER BY workout_id
LIMIT 2;

-- ── Asking again ──────────────────────────────────────────────────────────────────────────────

-- 32. Planned once, with a value to come.
PREPARE by_sport(VARCHAR) AS
SELECT sport, count(*) AS workouts, round(avg(calories), 1) AS calories, max(duration_s) AS longest_s
FROM workouts
WHERE sport = $1
GROUP BY sport;

-- 33. Run as often as you like.
EXECUTE by_sport('swimming');

-- 34.
EXECUTE by_sport('yoga');

-- 35.
DEALLOCATE by_sport;

-- ── Tables and files of your own ──────────────────────────────────────────────────────────────

-- 36. The lake is not writable, but session.default is: what is made there lasts as long as the session.
CREATE VIEW swims AS SELECT * FROM lake.raw.workouts WHERE sport = 'swimming';

-- 37. A table keeps the rows, so that the next questions do not read the lake again.
CREATE TABLE swimmers AS
SELECT user_id, count(*) AS swims, sum(distance_m) / 1000 AS km
FROM swims
GROUP BY user_id;

-- 38.
SELECT u.name, u.city, s.swims, s.km
FROM swimmers AS s
JOIN users AS u ON u.user_id = s.user_id
ORDER BY s.swims DESC, s.km DESC, u.user_id
LIMIT 5;

-- 39. A file of an answer. It is there whole or not at all.
COPY (SELECT day, city, model, active_users FROM reports.daily_active WHERE day >= $day)
TO 'target/tour/daily_active.parquet' STORED AS PARQUET;

-- 40. Files need no catalog: a path, with * and **, is a table.
SELECT day, sum(active_users) AS by_model, max(active_users) AS largest
FROM 'target/tour/*.parquet'
GROUP BY day
ORDER BY day
LIMIT 3;

-- ── Streams ───────────────────────────────────────────────────────────────────────────────────

-- 41. A stream is a table that ends: what is there when the statement begins. Here it is a folder of log
--     files, one of them rotated and compressed; a topic of Kafka is asked in the same way.
SELECT device_model, count(*) AS heartbeats, max(_timestamp) AS last
FROM events.default.heartbeats
WHERE _timestamp > TIMESTAMP '2026-09-10T03:30:00Z'
GROUP BY device_model
ORDER BY heartbeats DESC;

-- 42. The last lines, read from the ends of the files.
SELECT _partition, _offset, device_id, latency_ms
FROM events.default.heartbeats
WHERE _partition <> 'gateway-eu.log.1.gz'
ORDER BY _offset DESC
LIMIT 3;

-- 43. One statement over a stream and the lake: devices that are slow now, and what the lake knows of them.
SELECT h.device_model, d.city, count(*) AS slow_devices, coalesce(sum(e.errors), 0) AS errors_so_far
FROM (SELECT DISTINCT device_id, device_model FROM events.default.heartbeats WHERE latency_ms > 1000) AS h
JOIN devices AS d USING (device_id)
LEFT JOIN (SELECT device_id, count(*) AS errors FROM device_events WHERE event_type = 'error' GROUP BY device_id)
  AS e USING (device_id)
GROUP BY h.device_model, d.city
ORDER BY slow_devices DESC, errors_so_far DESC, h.device_model, d.city
LIMIT 5;

-- 44. Lines that are no heartbeats.
SELECT kind, _partition, _offset, left(CAST(raw AS VARCHAR), 48) AS line
FROM errors('events.default.heartbeats')
ORDER BY _partition, _offset;

-- ── A snapshot of HBase ───────────────────────────────────────────────────────────────────────

-- 45. Snapshots are tables, read straight from the files that HBase left: no server is asked.
SELECT snapshot, table_name, created, type, regions, files, bytes FROM profiles.hbase.snapshots;

-- 46. As it is: bytes, with a map for each family. The row key is filtered before anything is read.
SELECT row_key, s, o FROM profiles.default."device_profile-20261120" WHERE row_key LIKE 'dev-0012%';

-- 47. With the columns that catalog/profiles/default/device_profile.toml declares, joined with the lake:
-- who has trouble on the day? Only the devices with errors are looked up.
SELECT p.city, count(*) AS errors, count(DISTINCT p.owner) AS owners
FROM device_events AS e
JOIN profiles.default.device_profile AS p ON p.device_id = e.device_id
WHERE e.day = $day AND e.event_type = 'error'
GROUP BY p.city
ORDER BY errors DESC, p.city
LIMIT 5;

-- 48. A value that is not what the table file says is NULL there, and a row here.
SELECT row_key, column_name, reason, raw FROM errors('profiles.default.device_profile');

-- 49. Every cell with its versions and deletions, as HBase keeps them.
SELECT row, family, qualifier, ts, type, value
FROM hbase_cells('profiles.default.device_profile', raw => true)
WHERE type <> 'Put' AND family = 's'
ORDER BY row
LIMIT 5;

-- 50. One statement over a lake, a snapshot and a stream: owners whose devices are slow now and had errors.
SELECT p.city, count(DISTINCT h.device_id) AS slow_devices, sum(e.errors) AS errors
FROM (SELECT DISTINCT device_id FROM events.default.heartbeats WHERE latency_ms > 1000) AS h
JOIN profiles.default.device_profile AS p ON p.device_id = h.device_id
JOIN (SELECT device_id, count(*) AS errors FROM device_events WHERE event_type = 'error' GROUP BY device_id)
  AS e ON e.device_id = h.device_id
GROUP BY p.city
ORDER BY slow_devices DESC, errors DESC, p.city
LIMIT 5;
