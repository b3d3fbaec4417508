//! Owns the chart of costs: what an update costs here, at the floor and at the peers.

use crate::Outcome;
use crate::options::{Case, name};
use crate::peers::PEERS;
use crate::report::Report;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::path::Path;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

const SIZE: (u32, u32) = (900, 520);
const HEAD_HEIGHT: u32 = 76;
const FOOT_HEIGHT: u32 = 46;
/// Of the panels, in pixels: the third has only bars.
const PANEL_ENDS: [u32; 2] = [370, 690];
const FONT: &str = "sans-serif";
const TEXT_COLOR: RGBColor = RGBColor(40, 40, 40);
/// Ours, the floor's, then the peers'. Told apart without colours by their places, which the legend's order follows.
const COLORS: [RGBColor; 5] = [
    RGBColor(20, 90, 200),
    RGBColor(120, 120, 120),
    RGBColor(215, 115, 0),
    RGBColor(30, 135, 80),
    RGBColor(150, 70, 170),
];
/// Below this share of the rate, a server has not kept up.
const KEPT_UP_MIN: f64 = 0.98;

/// One server's costs in one case.
struct Line {
    name: &'static str,
    color: RGBColor,
    points: Vec<Point>,
}

#[derive(Copy, Clone)]
struct Point {
    players: f64,
    us: f64,
    /// If that was not all that was wanted.
    updates_per_s: Option<f64>,
}

/// Draws the chart into a file.
pub fn draw(path: &Path, reports: &[Report]) -> Outcome<()> {
    let root = SVGBackend::new(path, SIZE).into_drawing_area();
    // Readers with a dark page must be able to read it too.
    root.fill(&WHITE)?;
    let (head, rest) = root.split_vertically(HEAD_HEIGHT);
    let (panels, foot) = rest.split_vertically(SIZE.1 - HEAD_HEIGHT - FOOT_HEIGHT);
    let [w1, w2, w3] = [Case::W1, Case::W2, Case::W3].map(|case| lines(case, reports));
    draw_head(&head, &w1)?;
    let (left, rest) = panels.split_horizontally(PANEL_ENDS[0]);
    let (middle, right) = rest.split_horizontally(PANEL_ENDS[1] - PANEL_ENDS[0]);
    // The same scale, so that the two can be compared.
    let us_max = top_of(w1.iter().chain(&w2));
    draw_lines(&left, "W1: everybody sees everybody", &w1, us_max)?;
    draw_lines(&middle, "W2: everybody sees about 32", &w2, us_max)?;
    draw_bars(&right, "W3: 16 see 10,016", &w3)?;
    draw_foot(&foot)?;
    Ok(root.present()?)
}

fn lines(case: Case, reports: &[Report]) -> Vec<Line> {
    let reports: Vec<&Report> = reports.iter().filter(|report| report.case == name(case)).collect();
    let line = |us: fn(&Report) -> f64, updates: fn(&Report) -> f64| {
        let point = |report: &&Report| Point {
            players: report.players as f64,
            us: us(report),
            updates_per_s: Some(updates(report)).filter(|n| *n < KEPT_UP_MIN * f64::from(report.hz)),
        };
        reports.iter().map(point).collect()
    };
    let ours = line(|report| report.server_cpu_us_per_update, |report| report.updates_per_client_per_s);
    let floor = line(|report| report.floor_cpu_us_per_update, |report| report.floor_updates_per_client_per_s);
    let mut named = vec![("Tickwire", ours), ("the floor (bare WebSocket)", floor)];
    for peer in &PEERS {
        let points = peer.costs(case).iter().map(|cost| Point {
            players: f64::from(cost.players),
            us: cost.us(),
            updates_per_s: cost.updates_per_s.map(f64::from),
        });
        named.push((peer.name, points.collect()));
    }
    named.into_iter().zip(COLORS).map(|((name, points), color)| Line { name, color, points }).collect()
}

/// Where an axis ends.
fn top_of<'a>(lines: impl Iterator<Item = &'a Line>) -> f64 {
    let highest = lines.flat_map(|line| &line.points).map(|point| point.us).fold(0.0, f64::max);
    // Room for a word above the highest point.
    (highest * 1.08 / 20.0).ceil() * 20.0
}

/// Letters of so many pixels.
fn text(pixels: u32) -> TextStyle<'static> {
    // The library takes sizes for heights of lines, and makes letters smaller.
    (FONT, f64::from(pixels) * 1.24).into_font().color(&TEXT_COLOR)
}

fn draw_head(area: &Area<'_>, lines: &[Line]) -> Outcome<()> {
    area.draw_text(
        "What a client's update costs, in microseconds of server CPU (less is better)",
        &text(18),
        (16, 12),
    )?;
    let mut x = 16;
    for Line { name, color, .. } in lines {
        area.draw(&Rectangle::new([(x, 48), (x + 14, 62)], color.filled()))?;
        area.draw_text(name, &text(14), (x + 20, 49))?;
        // The widths of letters are unknown here: a guess that is never too small.
        x += 36 + 8 * name.len() as i32;
    }
    Ok(())
}

fn draw_foot(area: &Area<'_>) -> Outcome<()> {
    let first = "30 updates per second, server on one core. A ring: it made only so many updates per second.";
    let second =
        "Peers: measured on the same kind of machine, but not in the same run; the middle of what was seen.";
    area.draw_text(first, &text(12), (16, 8))?;
    Ok(area.draw_text(second, &text(12), (16, 25))?)
}

fn draw_lines(area: &Area<'_>, title: &str, lines: &[Line], us_max: f64) -> Outcome<()> {
    let players = lines.iter().flat_map(|line| &line.points).map(|point| point.players);
    let players_max = players.fold(0.0, f64::max) * 1.08;
    let mut chart = ChartBuilder::on(area)
        .margin(10)
        .caption(title, text(15))
        .x_label_area_size(42)
        .y_label_area_size(48)
        .build_cartesian_2d(0.0..players_max, 0.0..us_max)?;
    let mut mesh = chart.configure_mesh();
    mesh.light_line_style(TRANSPARENT).bold_line_style(BLACK.mix(0.12)).label_style(text(12));
    mesh.x_labels(6).x_desc("clients").y_desc("us per update").axis_desc_style(text(13));
    mesh.x_label_formatter(&|players| format!("{players:.0}")).y_label_formatter(&|us| format!("{us:.0}"));
    mesh.draw()?;
    // Ours last, to lie on top.
    for Line { color, points, .. } in lines.iter().rev() {
        let at = |point: &Point| (point.players, point.us);
        chart.draw_series(LineSeries::new(points.iter().map(at), color.stroke_width(2)))?;
        for point in points {
            let fill = if point.updates_per_s.is_some() { WHITE.filled() } else { color.filled() };
            chart.draw_series([Circle::new(at(point), 4, fill)])?;
            chart.draw_series([Circle::new(at(point), 4, color.stroke_width(2))])?;
            if let Some(updates) = point.updates_per_s {
                let style = text(12).color(color).pos(Pos::new(HPos::Right, VPos::Bottom));
                let word = Text::new(format!("{updates:.0}/s"), (-2, -6), style);
                chart.draw_series([EmptyElement::at(at(point)) + word])?;
            }
        }
    }
    Ok(())
}

fn draw_bars(area: &Area<'_>, title: &str, lines: &[Line]) -> Outcome<()> {
    let mut chart = ChartBuilder::on(area)
        .margin(10)
        .caption(title, text(15))
        .x_label_area_size(42)
        .y_label_area_size(36)
        .build_cartesian_2d(0.0..lines.len() as f64, 0.0..top_of(lines.iter()))?;
    let mut mesh = chart.configure_mesh();
    mesh.disable_x_mesh().light_line_style(TRANSPARENT).bold_line_style(BLACK.mix(0.12));
    mesh.x_labels(0).label_style(text(12)).y_label_formatter(&|us| format!("{us:.0}"));
    mesh.draw()?;
    for (place, Line { color, points, .. }) in lines.iter().enumerate() {
        let left = place as f64 + 0.14;
        for point in points {
            chart.draw_series([Rectangle::new([(left, 0.0), (left + 0.72, point.us)], color.filled())])?;
            let style = text(12).pos(Pos::new(HPos::Center, VPos::Bottom));
            let word = Text::new(format!("{:.0}", point.us), (0, -3), style);
            chart.draw_series([EmptyElement::at((left + 0.36, point.us)) + word])?;
        }
    }
    Ok(())
}
