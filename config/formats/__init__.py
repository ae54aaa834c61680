"""How dates are written here, per language: days first, 24 hours, weeks begin on Monday."""
