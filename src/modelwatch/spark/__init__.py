"""DataFrame to DataFrame: lazy, without effects."""
