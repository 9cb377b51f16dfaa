-- The devices of the sample lake as `Main sample` wants them: one line for each device with events, its
-- last state, and who wore it then.
SELECT e.device_id, e.battery, e.firmware, e.previous_firmware, e.last_seen, u.name, u.city, u.email
FROM (
    SELECT device_id,
           last_value(battery ORDER BY event_time) FILTER (WHERE battery IS NOT NULL) AS battery,
           last_value(firmware ORDER BY event_time) AS firmware,
           first_value(firmware ORDER BY event_time) AS previous_firmware,
           CAST(to_unixtime(max(event_time)) * 1000 + date_part('millisecond', max(event_time)) % 1000 AS BIGINT) AS last_seen,
           last_value(user_id ORDER BY event_time) AS user_id
    FROM lake.raw.device_events
    GROUP BY device_id
) AS e
LEFT JOIN lake.raw.users AS u USING (user_id)
ORDER BY e.device_id;
