"""The inbox's server."""
