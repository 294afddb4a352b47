"""Rules on goals, indicators and activities."""
