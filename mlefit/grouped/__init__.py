"""One model, a fit for each group of rows: side by side where that is plain, else one by one."""
