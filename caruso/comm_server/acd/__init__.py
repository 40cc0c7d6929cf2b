"""Distribution of waiting contacts to ready agents."""
