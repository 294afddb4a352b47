"""Rules on the figures: sums, what belongs together, the limits of the city, what is plausible."""
