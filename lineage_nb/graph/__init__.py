"""Evidence → the edges that hold → arrays, and searches over them."""
