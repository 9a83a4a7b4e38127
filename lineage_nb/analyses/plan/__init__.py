"""How to let go of what is unused: steps, packets, statements, decisions, and what was saved."""
