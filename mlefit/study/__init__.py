"""What makes the maximum likelihood estimate worth having, shown by simulation."""
