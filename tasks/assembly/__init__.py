"""Assembly: from a video's clips to its master."""
