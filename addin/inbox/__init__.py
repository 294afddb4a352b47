"""The inbox of deliveries."""
