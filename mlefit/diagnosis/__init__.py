"""What the rows say of a fit: losses, deviance, residuals, influence, and rows held out."""
