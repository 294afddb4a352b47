"""The Excel doors: functions, pane, classic add-in, server."""
