//! Owns what is told of many rounds: the middle, and how far they lie apart.

use crate::recorder::Quantiles;

/// The middle one; of an even number, the mean of the middle two.
pub fn median<T>(of: &[T], figure: impl Fn(&T) -> f64) -> f64 {
    let mut figures: Vec<f64> = of.iter().map(figure).collect();
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    if figures.len() % 2 == 1 { figures[middle] } else { (figures[middle - 1] + figures[middle]) / 2.0 }
}

/// The least and the greatest.
pub fn range<T>(of: &[T], figure: impl Fn(&T) -> f64) -> [f64; 2] {
    let figures = || of.iter().map(&figure);
    [figures().fold(f64::INFINITY, f64::min), figures().fold(f64::NEG_INFINITY, f64::max)]
}

/// The median of each.
pub fn medians<T>(of: &[T], figures: impl Fn(&T) -> Quantiles) -> Quantiles {
    Quantiles {
        p50: median(of, |one| figures(one).p50),
        p99: median(of, |one| figures(one).p99),
        max: median(of, |one| figures(one).max),
    }
}

/// All figures, if there are all of them.
pub fn told<T, F>(of: &[T], figure: impl Fn(&T) -> Option<F>) -> Option<Vec<F>> {
    of.iter().map(figure).collect()
}
