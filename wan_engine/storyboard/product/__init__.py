"""A product photograph brought to life: cut out, set on a stage that suits its colours, lit, and moved towards."""
