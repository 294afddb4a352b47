"""The doors: the command line and, for Excel, buttons and functions."""
