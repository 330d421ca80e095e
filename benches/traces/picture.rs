//! Hit ratios as a picture: a line of points for each workload and capacity, a colour for each subject.

use std::error::Error;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::numbers::thousands;
use crate::results::Row;

type Area<'t> = DrawingArea<SVGBackend<'t>, Shift>;

const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
const GRID: RGBColor = RGBColor(0xDD, 0xDD, 0xDD);
/// One for each subject, in their order; colours that the colour-blind can tell apart (Okabe and Ito).
const COLOURS: [RGBColor; 6] = [
    RGBColor(0xD5, 0x5E, 0x00),
    RGBColor(0x00, 0x72, 0xB2),
    RGBColor(0x56, 0xB4, 0xE9),
    RGBColor(0x00, 0x9E, 0x73),
    RGBColor(0xCC, 0x79, 0xA7),
    RGBColor(0xE6, 0x9F, 0x00),
];

const WIDTH: i32 = 1000;
/// Where hit ratios of none and of all are.
const LEFT: i32 = 270;
const RIGHT: i32 = WIDTH - 30;
/// Where the first row begins; above it are the names.
const TOP: i32 = 64;
const ROW: i32 = 18;

/// An SVG.
pub(crate) fn hit_ratios(rows: &[Row]) -> Result<String, Box<dyn Error>> {
    let height = TOP + ROW * i32::try_from(rows.len())? + 16;
    let mut text = String::new();
    {
        let size = (u32::try_from(WIDTH)?, u32::try_from(height)?);
        let root = SVGBackend::with_string(&mut text, size).into_drawing_area();
        root.fill(&WHITE)?;
        scale(&root, height)?;
        names(&root, rows)?;
        for (row, top) in rows.iter().zip((TOP..).step_by(ROW.unsigned_abs() as usize)) {
            points(&root, row, top + ROW / 2)?;
        }
        root.present()?;
    }
    Ok(text)
}

#[expect(clippy::cast_possible_truncation, reason = "pixels")]
fn across(ratio: f64) -> i32 {
    LEFT + (f64::from(RIGHT - LEFT) * ratio).round() as i32
}

fn font(h: HPos) -> TextStyle<'static> {
    let font = ("sans-serif", 14).into_font().color(&INK);
    font.pos(Pos::new(h, VPos::Center))
}

/// A line at each tenth.
fn scale(root: &Area<'_>, height: i32) -> Result<(), Box<dyn Error>> {
    for tenth in 0..=10 {
        let x = across(f64::from(tenth) / 10.0);
        let label = Text::new(format!("{} %", tenth * 10), (x, TOP - 12), font(HPos::Center));
        root.draw(&label)?;
        root.draw(&PathElement::new([(x, TOP), (x, height - 12)], GRID))?;
    }
    Ok(())
}

/// Which colour is whose.
fn names(root: &Area<'_>, rows: &[Row]) -> Result<(), Box<dyn Error>> {
    let title = Text::new("hit ratio; workload, capacity", (10, 18), font(HPos::Left));
    root.draw(&title)?;
    let Some(first) = rows.first() else { return Ok(()) };
    let names = first.figures.iter().map(|(subject, _)| subject.name());
    for ((name, colour), x) in names.zip(COLOURS).zip((LEFT..).step_by(116)) {
        root.draw(&Circle::new((x, 18), 5, colour.filled()))?;
        root.draw(&Text::new(name, (x + 10, 18), font(HPos::Left)))?;
    }
    Ok(())
}

fn points(root: &Area<'_>, row: &Row, y: i32) -> Result<(), Box<dyn Error>> {
    let name = format!("{}, {}", row.workload, thousands(row.capacity));
    root.draw(&Text::new(name, (LEFT - 12, y), font(HPos::Right)))?;
    root.draw(&PathElement::new([(LEFT, y), (RIGHT, y)], GRID))?;
    // The first subject is drawn last and smallest: of equals, the others are rings around it.
    let subjects: Vec<_> = row.figures.iter().zip(COLOURS).zip(4..).collect();
    for ((each, colour), radius) in subjects.into_iter().rev() {
        let at = (across(each.1.hit_ratio), y);
        root.draw(&Circle::new(at, radius, colour.filled()))?;
    }
    Ok(())
}
