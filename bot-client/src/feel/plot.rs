//! Owns the plot of one link: what was seen and answered when, by one client.

use super::Figures;
use super::figures::Sample;
use plotters::prelude::*;
use std::error::Error;
use std::path::Path;

const SIZE: (u32, u32) = (900, 300);
const SEEN: RGBColor = RGBColor(20, 90, 200);
const ANSWERED: RGBColor = RGBColor(215, 115, 0);
const LATE: RGBColor = RGBColor(190, 30, 40);
/// Points of a line: more are not told apart.
const POINTS_MAX: usize = 800;

/// Draws it into a file.
pub(super) fn draw(path: &Path, figures: &Figures) -> Result<(), Box<dyn Error>> {
    let root = SVGBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let samples = &figures.samples;
    let end_s = figures.time.as_secs_f64();
    let highest = samples.iter().map(|sample| sample.age_ms.max(sample.ack_ms)).fold(50.0, f64::max);
    let title = format!("{}: one client", figures.profile.name);
    let mut chart = ChartBuilder::on(&root)
        .caption(title, ("sans-serif", 16))
        .margin(8)
        .x_label_area_size(32)
        .y_label_area_size(52)
        .build_cartesian_2d(0.0..end_s, 0.0..highest * 1.05)?;
    chart.configure_mesh().x_desc("seconds").y_desc("milliseconds").light_line_style(WHITE).draw()?;
    let thinned = || samples.iter().step_by(samples.len().div_ceil(POINTS_MAX).max(1));
    let line = |of: fn(&Sample) -> f64| {
        thinned()
            .map(move |sample| (sample.at_s, of(sample)))
            .filter(|(_, ms)| ms.is_finite())
            .collect::<Vec<_>>()
    };
    chart
        .draw_series(LineSeries::new(line(|sample| sample.ack_ms), ANSWERED))?
        .label("input to snapshot")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 16, y)], ANSWERED));
    chart
        .draw_series(LineSeries::new(line(|sample| sample.age_ms), SEEN))?
        .label("age of what is seen")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 16, y)], SEEN));
    let late = samples
        .windows(2)
        .filter(|pair| pair[1].late > pair[0].late || pair[1].corrections > pair[0].corrections);
    chart
        .draw_series(late.map(|pair| TriangleMarker::new((pair[1].at_s, 0.0), 5, LATE.filled())))?
        .label("late inputs, mispredictions")
        .legend(|(x, y)| TriangleMarker::new((x + 8, y), 5, LATE.filled()));
    chart.configure_series_labels().background_style(WHITE.mix(0.8)).border_style(BLACK.mix(0.3)).draw()?;
    Ok(root.present()?)
}
