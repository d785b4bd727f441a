# What every peer in R does the same: read the CSV file and say the answer.
# Rscript common.R SCRIPT SETTING FILE

suppressMessages(library(data.table))
words <- commandArgs(TRUE)
setting <- words[2]
frame <- fread(words[3], data.table = FALSE)

# One line for each coefficient: its name as mlefit has it, a tab, its value.
say <- function(parameter, values, terms = names(values)) {
  terms[terms == "(Intercept)"] <- "Intercept"
  cat(sprintf("%s\t%.17g\n", trimws(paste(parameter, terms)), values), sep = "")
}

source(words[1])
