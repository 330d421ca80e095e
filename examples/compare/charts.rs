//! The pictures, drawn by `plotters` as SVG; their colours are names that the page gives a meaning, in light and in dark.

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::prelude::*;

use crate::figures::human;
use crate::names::Subject;

type Drawn = Result<String, Box<dyn std::error::Error>>;

/// Pixels: one for wide windows, one for phones.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Size {
    pub(crate) const WIDE: Size = Size {
        width: 960,
        height: 440,
    };
    pub(crate) const NARROW: Size = Size {
        width: 380,
        height: 360,
    };

    fn is_wide(self) -> bool {
        self.width >= 600
    }
}

/// Not a colour but a name: the page says what it looks like (see [`colour_rules`]).
const INK: RGBColor = RGBColor(0x12, 0x34, 0xF0);
const GRID: RGBColor = RGBColor(0x12, 0x34, 0xF1);

fn colour(subject: Subject) -> RGBColor {
    RGBColor(0x12, 0x34, subject as u8)
}

/// The rules of a style sheet that give the names their colours: variables of the page.
pub(crate) fn colour_rules() -> String {
    let mut rules = String::new();
    let mut rule = |RGBColor(r, g, b): RGBColor, variable: &str| {
        for attribute in ["fill", "stroke"] {
            let name = format!("#{r:02X}{g:02X}{b:02X}");
            rules.extend([
                format!("svg [{attribute}=\"{name}\"]"),
                format!("{{{attribute}:var(--{variable})}}\n"),
            ]);
        }
    };
    rule(INK, "ink");
    rule(GRID, "grid");
    for &subject in <Subject as clap::ValueEnum>::value_variants() {
        rule(colour(subject), &subject.to_string());
    }
    rules
}

/// Draws, and leaves out of the root what a page does not need.
fn svg(
    size: Size,
    draw: impl FnOnce(&DrawingArea<SVGBackend<'_>, plotters::coord::Shift>) -> Result<(), Box<dyn std::error::Error>>,
) -> Drawn {
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, (size.width, size.height)).into_drawing_area();
        draw(&root)?;
        root.present()?;
    }
    let start = text.find("<svg").ok_or("plotters drew no picture")?;
    let end = text[start..].find('>').ok_or("plotters drew half a picture")? + start;
    let Size { width, height } = size;
    Ok(format!(
        "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"A chart; its figures are in the tables below\">{}",
        &text[end + 1..]
    ))
}

fn text(size: Size) -> TextStyle<'static> {
    let points = if size.is_wide() { 17 } else { 15 };
    ("sans-serif", points).into_font().color(&INK)
}

/// An arena map is drawn thicker.
fn style(subject: Subject) -> ShapeStyle {
    let ours = matches!(subject, Subject::Arenamap | Subject::ArenamapFixed);
    colour(subject).stroke_width(if ours { 3 } else { 2 })
}

/// Bars from 0, longest last; each with its figure.
pub(crate) fn bars(width: u32, unit: &str, values: &[(Subject, f64)]) -> Drawn {
    let mut values = values.to_vec();
    values.sort_by(|a, b| a.1.total_cmp(&b.1));
    let longest = values.last().map_or(1.0, |last| last.1);
    rows(width, unit, &values, |value| value / longest)
}

/// Points on a scale on which each step is ten times the one before; what is beyond comparison by bars.
pub(crate) fn points_by_magnitude(width: u32, unit: &str, values: &[(Subject, f64)]) -> Drawn {
    let mut values = values.to_vec();
    values.sort_by(|a, b| a.1.total_cmp(&b.1));
    let (first, last) = (values.first().map_or(1.0, |v| v.1), values.last().map_or(1.0, |v| v.1));
    let (low, high) = (first.log10().floor(), last.log10());
    rows(width, unit, &values, |value| {
        (value.log10() - low) / (high - low).max(1e-9)
    })
}

/// One line for each value: name, bar, figure. `share` is how long the bar is.
fn rows(width: u32, unit: &str, values: &[(Subject, f64)], share: impl Fn(f64) -> f64) -> Drawn {
    const ROW: i32 = 24;
    let height = u32::try_from(values.len()).unwrap_or(0) * 24 + 4;
    let size = Size { width, height };
    svg(size, |root| {
        let font = text(Size::NARROW);
        let (left, right) = (182, 78);
        let room = f64::from(i32::try_from(width)? - left - right);
        for (row, &(subject, value)) in values.iter().enumerate() {
            let top = i32::try_from(row)? * ROW + 2;
            #[allow(clippy::cast_possible_truncation, reason = "pixels")]
            let end = left + (room * share(value)).max(1.0) as i32;
            let name = font.pos(plotters::style::text_anchor::Pos::new(
                plotters::style::text_anchor::HPos::Right,
                plotters::style::text_anchor::VPos::Center,
            ));
            root.draw(&Text::new(subject.to_string(), (left - 8, top + ROW / 2), name))?;
            root.draw(&Rectangle::new(
                [(left, top + 3), (end, top + ROW - 3)],
                colour(subject).filled(),
            ))?;
            let figure = font.pos(plotters::style::text_anchor::Pos::new(
                plotters::style::text_anchor::HPos::Left,
                plotters::style::text_anchor::VPos::Center,
            ));
            root.draw(&Text::new(human(value, unit), (end + 6, top + ROW / 2), figure))?;
        }
        Ok(())
    })
}

/// The x axis of percentiles: each step leaves a tenth of what the one before left.
struct Nines {
    highest: f64,
}

impl Ranged for Nines {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, nines: &f64, (low, high): (i32, i32)) -> i32 {
        #[allow(clippy::cast_possible_truncation, reason = "pixels")]
        let offset = (f64::from(high - low) * nines / self.highest) as i32;
        low + offset
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        let nines = (0..=9_u8).map(f64::from);
        nines.take_while(|nines| *nines <= self.highest).collect()
    }

    fn range(&self) -> std::ops::Range<f64> {
        0.0..self.highest
    }
}

impl ValueFormatter<f64> for Nines {
    fn format_ext(&self, nines: &f64) -> String {
        const NAMES: [&str; 10] = [
            "all", "1/10", "1/100", "1/1k", "1/10k", "1/100k", "1/1M", "1/10M", "1/100M", "1/1G",
        ];
        let name = NAMES
            .iter()
            .zip(0_u8..)
            .find(|(_, i)| (f64::from(*i) - nines).abs() < 0.5);
        name.map_or(String::new(), |(name, _)| (*name).to_owned())
    }
}

/// One line of a chart.
pub(crate) struct Line {
    pub(crate) subject: Subject,
    pub(crate) points: Vec<(f64, f64)>,
}

/// Latencies by percentile, both axes by magnitude. The x of a point is the share that is at most y.
pub(crate) fn latencies(size: Size, operations: usize, lines: &[Line]) -> Drawn {
    let all = || lines.iter().flat_map(|line| &line.points);
    let low = all().map(|point| point.1).fold(f64::INFINITY, f64::min).max(1.0);
    let high = all().map(|point| point.1).fold(10.0, f64::max);
    let highest = crate::support::as_f64(operations as u64).log10().max(1.0);
    svg(size, |root| {
        let mut chart = ChartBuilder::on(root)
            .margin(8)
            .margin_right(if size.is_wide() { 30 } else { 20 })
            .x_label_area_size(34)
            .y_label_area_size(if size.is_wide() { 70 } else { 56 })
            .build_cartesian_2d(Nines { highest }, (low * 0.8..high * 1.3).log_scale())?;
        chart
            .configure_mesh()
            .axis_style(INK)
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .label_style(text(size))
            .x_labels(if size.is_wide() { 12 } else { 6 })
            .y_labels(8)
            .y_label_formatter(&|ns| human(*ns, "ns").replace(".00 ", " ").replace(".0 ", " "))
            .draw()?;
        for line in lines {
            let points = line.points.iter().map(|&(quantile, ns)| {
                let left = (1.0 - quantile).max(10_f64.powf(-highest));
                (-left.log10(), ns.max(1.0))
            });
            chart.draw_series(LineSeries::new(points, style(line.subject)))?;
        }
        Ok(())
    })
}

/// Bytes held after so many operations.
pub(crate) fn memory(size: Size, lines: &[Line]) -> Drawn {
    let all = || lines.iter().flat_map(|line| &line.points);
    let right = all().map(|point| point.0).fold(1.0, f64::max);
    let high = all().map(|point| point.1).fold(1.0, f64::max);
    svg(size, |root| {
        let mut chart = ChartBuilder::on(root)
            .margin(8)
            .margin_right(30)
            .x_label_area_size(34)
            .y_label_area_size(if size.is_wide() { 78 } else { 64 })
            .build_cartesian_2d(0.0..right, 0.0..high * 1.05)?;
        chart
            .configure_mesh()
            .axis_style(INK)
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .label_style(text(size))
            .x_labels(if size.is_wide() { 10 } else { 4 })
            .y_labels(7)
            .x_label_formatter(&|count| short_count(*count))
            .y_label_formatter(&|bytes| human(*bytes, "bytes").replace(".0 ", " ").replace(".00 ", " "))
            .draw()?;
        for line in lines {
            chart.draw_series(LineSeries::new(line.points.iter().copied(), style(line.subject)))?;
        }
        Ok(())
    })
}

/// `500 k`, `1 M`.
fn short_count(count: f64) -> String {
    match count {
        ..1e3 => format!("{count:.0}"),
        ..1e6 => format!("{:.0} k", count / 1e3),
        _ => format!("{:.1} M", count / 1e6).replace(".0 ", " "),
    }
}
