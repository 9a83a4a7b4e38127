SELECT day, country, SUM(revenue) AS revenue, RATIO_TO_REPORT(SUM(revenue)) OVER (PARTITION BY day) AS share
FROM shop.mart.daily_revenue
GROUP BY day, country
ORDER BY day
