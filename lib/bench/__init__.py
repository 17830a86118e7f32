"""How fast is it? Each side is timed in turns with a peer, in one run."""
