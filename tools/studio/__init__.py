"""A small photo studio: signed-distance solids, softboxes and a camera, in plain NumPy and OpenCV.

It makes the product pictures that ship with Reelmill, so that they are our own. Lengths are decimetres, y points up,
the table is the plane y = 0, and radiance 1 is the white of the table. Bundles of n vectors are float32 arrays of
shape (3, n).
"""
