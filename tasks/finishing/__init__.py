"""From a master to a rendition for each platform: reframed, captioned, branded, labelled, encoded, in one pass."""
