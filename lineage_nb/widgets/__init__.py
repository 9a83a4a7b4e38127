"""Live controls; imported only when something is explored."""
