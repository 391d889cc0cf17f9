"""The products of Shan Ye tea, one a module: each has `scene()`."""
