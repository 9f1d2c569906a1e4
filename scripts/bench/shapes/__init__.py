"""What grows with what: the whole job on tables of many shapes."""
