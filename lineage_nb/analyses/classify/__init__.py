"""Which columns look like personal data, by name, type, comment, table, or values that the user gives."""
