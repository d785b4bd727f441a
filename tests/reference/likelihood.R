# Likelihoods, score and likelihood-ratio tests of plain samples, by R's own densities and glm.
#   Rscript tests/reference/likelihood.R > tests/reference/likelihood.json
rivers <- read.csv("sample_data/rivers.csv")$length_miles
visits <- read.csv("sample_data/doctor_visits.csv")$visits
mu0 <- 0.32
null <- glm(visits ~ 0 + offset(rep(log(mu0), length(visits))), family = poisson)
full <- glm(visits ~ 1, family = poisson)
rao <- anova(null, full, test = "Rao")
lrt <- anova(null, full, test = "LRT")
gamma_at <- function(mu, k) sum(dgamma(rivers, shape = k, rate = k / mu, log = TRUE))
# the profile of the gamma mean, by optimize over the shape, and its 95% interval by uniroot
profile <- function(mu) optimize(function(k) gamma_at(mu, k), c(0.5, 10), maximum = TRUE, tol = 1e-12)$objective
top <- profile(mean(rivers))
cut <- qchisq(0.95, 1) / 2
end <- function(a, b) uniroot(function(mu) profile(mu) - top + cut, c(a, b), tol = 1e-10)$root
p <- function(x) format(x, digits = 17)
cat('{"r": "', R.version.string, '",\n', sep = "")
cat(' "gamma": {"590,2.5": ', p(gamma_at(590, 2.5)), ', "500,2": ', p(gamma_at(500, 2)), '},\n', sep = "")
cat(' "gamma_mu_interval": [', p(end(500, 590)), ', ', p(end(592, 700)), '],\n', sep = "")
cat(' "poisson": {"mu0": ', mu0, ', "score": ', p(rao$Rao[2]), ', "score_p": ', p(rao[["Pr(>Chi)"]][2]),
    ', "ratio": ', p(lrt$Deviance[2]), ', "ratio_p": ', p(lrt[["Pr(>Chi)"]][2]), '},\n', sep = "")
cat(' "normal_10": ', p(sum(dnorm(rivers[1:10], 500, 300, log = TRUE))), '}\n', sep = "")
