"""A package for a person to publish, where no program may."""
