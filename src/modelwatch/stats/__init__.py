"""States and statistics: computation on arrays, with numpy only."""
