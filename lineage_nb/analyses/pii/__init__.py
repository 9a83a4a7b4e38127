"""Where personal data ends up, who can see it, and what can be done about it."""
