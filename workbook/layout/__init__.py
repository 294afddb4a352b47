"""Where things stand on a sheet and how they look; Excel formulas of computed cells."""
