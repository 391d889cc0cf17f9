"""The engine of the real thing: Wan models through diffusers' own classes, on any GPU that can hold them."""
