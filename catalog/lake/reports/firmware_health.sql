-- Did the update help? Errors by 1,000 events for each model and firmware.
-- Compare the two lines of a model: Ridge GPS got well with 4.0.1, Loop Ring fell ill with 1.0.0.
SELECT
  d.model,
  e.firmware,
  count(DISTINCT e.device_id) AS devices,
  count(*) AS events,
  count(*) FILTER (WHERE e.event_type = 'error') AS errors,
  round(1000 * CAST(count(*) FILTER (WHERE e.event_type = 'error') AS DOUBLE) / count(*), 1)
    AS errors_per_1000
FROM raw.device_events AS e
JOIN raw.devices AS d ON d.device_id = e.device_id
GROUP BY d.model, e.firmware
