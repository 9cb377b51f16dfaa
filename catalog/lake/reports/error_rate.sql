-- Devices by error rate: how many of a device's events were errors.
-- A device needs 50 events to be judged. `rank_in_model` 1 is the worst of its model, and
-- `model_error_pct` says whether the device is bad or all of its kind.
WITH per_device AS (
  SELECT
    device_id,
    count(*) AS events,
    count(*) FILTER (WHERE event_type = 'error') AS errors,
    max(event_time) FILTER (WHERE event_type = 'error') AS last_error
  FROM raw.device_events
  GROUP BY device_id
  HAVING count(*) >= 50
)
SELECT
  p.device_id,
  d.model,
  d.city,
  p.events,
  p.errors,
  round(100 * CAST(p.errors AS DOUBLE) / p.events, 2) AS error_pct,
  round(
    100 * CAST(sum(p.errors) OVER (PARTITION BY d.model) AS DOUBLE)
      / sum(p.events) OVER (PARTITION BY d.model), 2) AS model_error_pct,
  rank() OVER (
    PARTITION BY d.model ORDER BY CAST(p.errors AS DOUBLE) / p.events DESC, p.device_id)
    AS rank_in_model,
  p.last_error
FROM per_device AS p
JOIN raw.devices AS d ON d.device_id = p.device_id
