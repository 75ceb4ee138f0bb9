"""The audit of a study: findings, checks of tables and models, near duplicates."""
