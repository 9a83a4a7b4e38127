"""Where the bill goes, what changed in it, and how it meets the invoice."""
