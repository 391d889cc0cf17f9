"""X: the target, its upload in segments, its error words, and its way to count a text."""
