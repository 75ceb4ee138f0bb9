"""Scores of predictions: metrics, breakdowns, reliability, importance, projections."""
