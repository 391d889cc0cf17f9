"""What the simulated TikTok is made of: its errors, the rule of its chunks, its publish tasks, and who reads them."""
