"""What the exports of single shop systems mean: each turns its own rows into rows of Merchant's attributes."""
