"""Services in other processes and on other machines: who is there, and how they are asked."""
