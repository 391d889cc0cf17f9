"""What pictures are made of: colours, fields of numbers, noise, layers, and the frame they are laid on."""
