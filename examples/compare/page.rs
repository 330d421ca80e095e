//! `index.html`: one page that needs nothing else, for wide windows and phones, in light and in dark.

use std::fmt::Write;

use clap::ValueEnum;

use crate::charts::{self, Line, Size};
use crate::figures::{Results, Series, human, thousands};
use crate::names::{Metric, Scenario, Subject};
use crate::support::as_f64;
use crate::table;

type Written = Result<(), Box<dyn std::error::Error>>;

/// Light and dark of each subject, in the order of [`Subject`]; families are of one hue.
const COLOURS: [(&str, &str); 13] = [
    ("#8a6d3b", "#d9b36c"), // std
    ("#b8923f", "#f0d492"), // std-foldhash
    ("#1f5fbf", "#6ea8fe"), // hashbrown
    ("#5b8def", "#a9c8ff"), // hashbrown-presized
    ("#00838f", "#4dd0e1"), // hashbrown-bump
    ("#4fb3bf", "#a7ecf5"), // hashbrown-bump-presized
    ("#7b1fa2", "#ce93d8"), // griddle
    ("#c2185b", "#f48fb1"), // indexmap
    ("#616161", "#bdbdbd"), // heapless
    ("#9e9e9e", "#8d8d8d"), // odht
    ("#455a64", "#90a4ae"), // rkyv
    ("#d84315", "#ff7043"), // arenamap
    ("#ef9a00", "#ffca28"), // arenamap-fixed
];

const STYLE: &str = "
:root{color-scheme:light dark;--paper:#fff;--ink:#1c1c1c;--soft:#5a5a5a;--grid:#dcdcdc;--box:#f6f6f4}
@media(prefers-color-scheme:dark){:root{--paper:#16181c;--ink:#e6e6e6;--soft:#a8a8a8;--grid:#3a3d44;--box:#1f2227}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:64rem;padding:1rem;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.6rem;line-height:1.2}h2{font-size:1.25rem;margin-top:2.5rem}h3{font-size:1rem;margin:1.5rem 0 .3rem}
p,li{max-width:44rem}.soft{color:var(--soft);font-size:.9rem}
svg{display:block;width:100%;height:auto}.narrow{display:none}.bars svg{max-width:640px}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1rem;list-style:none;padding:0;font-size:.85rem}
.legend i{display:inline-block;width:1.4em;height:.35em;margin-right:.4em;vertical-align:middle;border-radius:2px}
.scroll{overflow-x:auto;background:var(--box);border-radius:6px;padding:.3rem .6rem}
table{border-collapse:collapse;font-size:.85rem;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .6rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--grid)}
tr:last-child td,tr:last-child th{border-bottom:0}
th:first-child{text-align:left}td span{display:block;color:var(--soft);font-size:.92em}
@media(max-width:640px){.wide{display:none}.narrow{display:block}body{padding:.7rem}}
";

/// The whole page. `about` is what was run, and on what.
pub(crate) fn page(results: &Results, about: &[String]) -> Result<String, Box<dyn std::error::Error>> {
    let mut html = String::from("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html.push_str(
        "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>arenamap, compared</title>\n",
    );
    write!(
        html,
        "<style>{STYLE}{}{}</style>\n</head>\n<body>\n",
        variables(),
        charts::colour_rules()
    )?;
    html.push_str("<h1>arenamap, compared</h1>\n");
    let mut parts = String::new();
    requests(&mut parts, results)?;
    growth(&mut parts, results)?;
    memory(&mut parts, results)?;
    snapshots(&mut parts, results)?;
    tables(&mut parts, results)?;
    summary(&mut html, results, &parts)?;
    for line in about {
        writeln!(html, "<p class=\"soft\">{}</p>", escape(line))?;
    }
    html.push_str(&parts);
    html.push_str("</body>\n</html>\n");
    Ok(html)
}

/// What a reader takes along: three sentences, a row for each scenario, and where the rest is, in `parts`.
fn summary(html: &mut String, results: &Results, parts: &str) -> Written {
    const PEERS: [Subject; 4] = [
        Subject::Std,
        Subject::StdFoldhash,
        Subject::Hashbrown,
        Subject::HashbrownBump,
    ];
    let mut rows = String::new();
    let (mut better, mut all) = (0, 0);
    for scenario in Scenario::value_variants() {
        let sizes: Vec<usize> = results
            .parts()
            .into_iter()
            .filter(|part| part.0 == *scenario)
            .map(|part| part.1)
            .collect();
        let Some(&n) = sizes.get(sizes.len() / 2) else {
            continue;
        };
        let time = |subject| results.find(*scenario, n, subject, Metric::NsPerOp);
        let Some(ours) = results.reference(*scenario, n).and_then(time) else {
            continue;
        };
        write!(
            rows,
            "<tr><th><a href=\"#{scenario}\">{scenario}</a></th><td>{}</td><td>{}</td>",
            thousands(n),
            human(ours.figure.median, &ours.figure.unit)
        )?;
        for peer in PEERS {
            let ratio = time(peer).and_then(|peer| peer.over(ours));
            rows.push_str(&ratio.map_or("<td></td>".to_owned(), |ratio| {
                all += 1;
                better += usize::from(ratio.median >= 1.0);
                format!("<td>{}</td>", short(ratio.median))
            }));
        }
        rows.push_str("</tr>\n");
    }
    writeln!(
        html,
        "<p>Every map here does the same work on the same keys, each in a process of its own, and all take turns on one machine. A ratio \
         is how many times as long as arenamap another map takes: above 1 arenamap is faster, below 1 it is slower. In this table \
         arenamap is at least as fast in {better} of {all} comparisons.</p>"
    )?;
    let columns = PEERS.len() + 3;
    writeln!(
        html,
        "<p class=\"soft narrow\">{columns} columns: the table scrolls to the side.</p>"
    )?;
    html.push_str("<div class=\"scroll\"><table><tr><th>scenario</th><th>n</th><th>arenamap</th>");
    for peer in PEERS {
        write!(html, "<th>{peer}</th>")?;
    }
    write!(html, "</tr>\n{rows}</table></div>\n<p class=\"soft\">More: ")?;
    let charts = [
        ("requests", "requests"),
        ("inserts", "single inserts"),
        ("memory-growth", "memory while growing"),
        ("memory-churn", "memory under churn"),
        ("snapshots", "snapshots"),
        ("figures", "all figures"),
    ];
    let links: Vec<_> = charts
        .iter()
        .filter(|(id, _)| parts.contains(&format!("id=\"{id}\"")))
        .map(|(id, text)| format!("<a href=\"#{id}\">{text}</a>"))
        .collect();
    writeln!(html, "{}</p>", links.join(", "))?;
    Ok(())
}

/// Two digits are enough for who reads along.
fn short(ratio: f64) -> String {
    if ratio < 9.95 {
        format!("{ratio:.1}")
    } else {
        format!("{ratio:.0}")
    }
}

/// A variable for each subject's colour.
fn variables() -> String {
    let (mut light, mut dark) = (String::new(), String::new());
    for (subject, (by_day, by_night)) in Subject::value_variants().iter().zip(COLOURS) {
        light.extend([format!("--{subject}:{by_day};")]);
        dark.extend([format!("--{subject}:{by_night};")]);
    }
    format!(":root{{{light}}}\n@media(prefers-color-scheme:dark){{:root{{{dark}}}}}\n")
}

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// The median times of all subjects.
fn times(results: &Results, scenario: Scenario, n: usize) -> Vec<(Subject, f64)> {
    let time = |&subject: &Subject| {
        let measured = results.find(scenario, n, subject, Metric::NsPerOp)?;
        Some((subject, measured.figure.median))
    };
    Subject::value_variants().iter().filter_map(time).collect()
}

/// A picture in two widths.
fn picture(
    html: &mut String,
    class: &str,
    draw: impl Fn(Size) -> Result<String, Box<dyn std::error::Error>>,
) -> Written {
    writeln!(
        html,
        "<div class=\"{class}\"><div class=\"wide\">{}</div><div class=\"narrow\">{}</div></div>",
        draw(Size::WIDE)?,
        draw(Size::NARROW)?
    )?;
    Ok(())
}

fn requests(html: &mut String, results: &Results) -> Written {
    let parts = results.parts();
    let parts = parts
        .iter()
        .filter(|(scenario, _)| matches!(scenario, Scenario::RequestU64 | Scenario::RequestStr));
    let mut title = "<h2 id=\"requests\">A request</h2>\n<p>Make a map, fill it, read each key, iterate, drop it. Shorter is better.</p>\n";
    for &(scenario, n) in parts {
        html.push_str(std::mem::take(&mut title));
        let what = if scenario == Scenario::RequestU64 {
            "pairs of u64"
        } else {
            "pairs of strings"
        };
        writeln!(html, "<h3>{} {what}</h3>", thousands(n))?;
        let times = times(results, scenario, n);
        picture(html, "bars", |size| charts::bars(size.width.min(640), "ns", &times))?;
    }
    Ok(())
}

/// Who is in a chart of lines.
fn legend(html: &mut String, lines: &[Line]) -> Written {
    html.push_str("<ul class=\"legend\">");
    for line in lines {
        let subject = line.subject;
        write!(html, "<li><i style=\"background:var(--{subject})\"></i>{subject}</li>")?;
    }
    html.push_str("</ul>\n");
    Ok(())
}

fn growth(html: &mut String, results: &Results) -> Written {
    let curves = || results.curves.iter().filter(|curve| curve.scenario == Scenario::Growth);
    let Some(n) = curves().map(|curve| curve.n).max() else {
        return Ok(());
    };
    let lines: Vec<Line> = curves()
        .filter(|curve| curve.n == n)
        .map(|curve| Line {
            subject: curve.subject,
            points: curve.points.iter().map(|&(q, ns)| (q, as_f64(ns))).collect(),
        })
        .collect();
    writeln!(
        html,
        "<h2 id=\"inserts\">Single inserts, from empty to {} entries</h2>\n<p>To the right are the rare, slow ones: above 1/1k stands the time that one \
         insert of a thousand exceeds. Both axes go by powers of ten. Each span holds one reading of the clock. Lower is better.</p>",
        thousands(n)
    )?;
    picture(html, "lines", |size| charts::latencies(size, n, &lines))?;
    legend(html, &lines)
}

fn memory(html: &mut String, results: &Results) -> Written {
    let line = |story: &Series<u64>| Line {
        subject: story.subject,
        points: story
            .points
            .iter()
            .map(|&(at, bytes)| (as_f64(at), as_f64(bytes)))
            .collect(),
    };
    for (scenario, title, text) in [
        (
            Scenario::Growth,
            "Memory while growing",
            "Bytes held from the heap after so many inserts; old tables that wait in a bump arena included. Lower is better.",
        ),
        (
            Scenario::Churn,
            "Memory under churn",
            "Bytes held after so many random replacements at a constant number of entries. Flat is better than rising, lower than higher.",
        ),
    ] {
        let of_scenario = || results.stories.iter().filter(|story| story.scenario == scenario);
        let Some(n) = of_scenario().map(|story| story.n).max() else {
            continue;
        };
        let lines: Vec<Line> = of_scenario().filter(|story| story.n == n).map(line).collect();
        writeln!(
            html,
            "<h2 id=\"memory-{scenario}\">{title}, {} entries</h2>\n<p>{text}</p>",
            thousands(n)
        )?;
        picture(html, "lines", |size| charts::memory(size, &lines))?;
        legend(html, &lines)?;
    }
    Ok(())
}

fn snapshots(html: &mut String, results: &Results) -> Written {
    let parts = results.parts();
    let mut title = "<h2 id=\"snapshots\">Snapshots</h2>\n<p>Lengths go by powers of ten: one step to the right is ten times the time. Shorter is better.</p>\n";
    for (scenario, what) in [
        (Scenario::SnapshotWrite, "Write"),
        (Scenario::SnapshotOpen, "Open"),
        (Scenario::SnapshotGet, "One lookup in an opened archive,"),
    ] {
        let Some(n) = parts.iter().filter(|part| part.0 == scenario).map(|part| part.1).max() else {
            continue;
        };
        html.push_str(std::mem::take(&mut title));
        writeln!(html, "<h3>{what} {} entries</h3>", thousands(n))?;
        let times = times(results, scenario, n);
        picture(html, "bars", |size| {
            charts::points_by_magnitude(size.width.min(640), "ns", &times)
        })?;
    }
    Ok(())
}

fn tables(html: &mut String, results: &Results) -> Written {
    html.push_str("<h2 id=\"figures\">All figures</h2>\n<p>Medians; below each its ratio to arenamap (where it takes no part, to arenamap-fixed): above 1 arenamap is \
         better, below 1 it loses. Behind the median ratio, the smallest and the largest of single rounds.</p>\n<ul class=\"soft\">\n");
    for metric in Metric::value_variants() {
        writeln!(html, "<li>{metric}: {}</li>", escape(metric.meaning()))?;
    }
    html.push_str("</ul>\n");
    let mut last = None;
    for (scenario, n) in results.parts() {
        if last != Some(scenario) {
            last = Some(scenario);
            writeln!(
                html,
                "<h2 id=\"{scenario}\">{scenario}</h2>\n<p>{}</p>",
                escape(scenario.meaning())
            )?;
            html.push_str("<ul class=\"soft\">\n");
            for line in results.left_out_lines(scenario) {
                writeln!(html, "<li>{}</li>", escape(&line))?;
            }
            html.push_str("</ul>\n");
        }
        let (metrics, rows) = table::rows(results, scenario, n);
        write!(
            html,
            "<h3>n = {}</h3>\n<p class=\"soft narrow\">{} columns: the table scrolls to the side.</p>\n\
             <div class=\"scroll\"><table><tr><th>subject</th>",
            thousands(n),
            metrics.len() + 1
        )?;
        for metric in metrics {
            write!(html, "<th>{metric}</th>")?;
        }
        html.push_str("</tr>\n");
        for row in rows {
            write!(html, "<tr><th>{}</th>", row.subject)?;
            for cell in row.cells {
                write!(
                    html,
                    "<td>{}<span>{}</span></td>",
                    escape(&cell.figure),
                    escape(&cell.ratio)
                )?;
            }
            html.push_str("</tr>\n");
        }
        html.push_str("</table></div>\n");
    }
    Ok(())
}
