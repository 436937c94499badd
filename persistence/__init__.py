"""What lasts. Rows in, domain values out; one function per question."""
