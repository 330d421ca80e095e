//! The example `compare`, run as its users run it, with tiny sizes: everything is in its results, and nothing else.
#![cfg(not(any(miri, arenamap_guard)))] // it is a process of its own, and other allocators have other figures

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const SCENARIOS: [&str; 24] = [
    "request_u64",
    "request_str",
    "lookup_hit",
    "lookup_miss",
    "iterate",
    "growth",
    "churn",
    "delete_all",
    "nested3",
    "big512",
    "snapshot_write",
    "snapshot_open",
    "snapshot_get",
    "lru",
    "astar",
    "life",
    "dijkstra",
    "cliques",
    "word_counter",
    "multimap",
    "set_union",
    "set_intersection",
    "trie",
    "clone_map",
];
const SUBJECTS: [&str; 13] = [
    "std",
    "hashbrown",
    "hashbrown-bump",
    "hashbrown-bump-presized",
    "hashbrown-presized",
    "std-foldhash",
    "griddle",
    "indexmap",
    "heapless",
    "odht",
    "rkyv",
    "arenamap",
    "arenamap-fixed",
];
const METRICS: [&str; 7] = [
    "ns_per_op",
    "p99_ns",
    "p9999_ns",
    "worst_ns",
    "heap_calls",
    "used_bytes",
    "peak_rss_bytes",
];

const PROGRAM: &str = env!("CARGO_BIN_EXE_compare");

/// Runs the example; its files go to a directory that is removed with the first of the pair.
fn compare(arguments: &[&str]) -> (tempfile::TempDir, Output) {
    let out = tempfile::tempdir().expect("a directory");
    let ran = Command::new(PROGRAM)
        .args(arguments)
        .arg("--out")
        .arg(out.path())
        .output();
    (out, ran.expect("the example runs"))
}

fn read(out: &Path, name: &str) -> String {
    std::fs::read_to_string(out.join(name)).expect("a file that was written")
}

fn figures(out: &Path) -> Vec<Value> {
    let json: Value = serde_json::from_str(&read(out, "results.json")).expect("JSON");
    json.as_array().expect("an array").clone()
}

#[test]
fn every_scenario_and_every_subject_is_in_the_results() {
    let (out, ran) = compare(&["--tiny"]);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let figures = figures(out.path());
    let names = |key: &str| -> BTreeSet<String> {
        let names = figures
            .iter()
            .map(|figure| figure[key].as_str().expect("a name").to_owned());
        names.collect()
    };
    let all = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(names("scenario"), all(&SCENARIOS));
    assert_eq!(names("subject"), all(&SUBJECTS));
    assert_eq!(names("metric"), all(&METRICS));

    let keys = all(&[
        "scenario", "n", "subject", "metric", "unit", "median", "min", "max", "runs",
    ]);
    for figure in &figures {
        let object = figure.as_object().expect("an object");
        assert_eq!(object.keys().cloned().collect::<BTreeSet<_>>(), keys);
        let number = |key: &str| figure[key].as_f64().expect("a number");
        assert!(
            number("min") <= number("median") && number("median") <= number("max"),
            "{figure}"
        );
        assert!(number("runs") >= 1.0 && number("n") >= 1.0, "{figure}");
        let unit = match figure["metric"].as_str().expect("a name") {
            "heap_calls" => "calls",
            "used_bytes" | "peak_rss_bytes" => "bytes",
            _ => "ns",
        };
        assert_eq!(figure["unit"], unit);
        assert!(unit != "ns" || number("min") > 0.0, "no work takes no time: {figure}");
    }
    // What is left out says why, on the terminal and on the page.
    let (text, page) = (String::from_utf8_lossy(&ran.stdout), read(out.path(), "index.html"));
    for reason in [
        "odht left out: it has no call that removes",
        "used_bytes of heapless left out: it lives on the stack",
    ] {
        assert!(text.contains(reason) && page.contains(reason), "{reason}");
    }
}

#[test]
fn the_page_needs_nothing_else() {
    let (out, ran) = compare(&["--tiny", "--only", "request_u64", "--only", "growth", "--only", "churn"]);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let page = read(out.path(), "index.html");
    for outside in [
        "http:", "https:", "src=", "url(", "@import", "<script", "<link", "<iframe",
    ] {
        assert!(!page.contains(outside), "the page has {outside}");
    }
    // Links lead to parts of the page.
    for link in page.split("href=").skip(1) {
        let name = link.strip_prefix("\"#").and_then(|rest| rest.split('"').next());
        let name = name.unwrap_or_else(|| panic!("the page links to {link:.40}"));
        assert!(
            page.contains(&format!("id=\"{name}\"")),
            "no part of the page is {name}"
        );
    }
    for needed in [
        "name=\"viewport\"",
        "prefers-color-scheme:dark",
        "<svg ",
        "Memory under churn",
        "Single inserts",
    ] {
        assert!(page.contains(needed), "the page lacks {needed}");
    }
    // A colour that is no variable is a colour that dark mode does not know.
    for line in page
        .split("<svg ")
        .skip(1)
        .filter_map(|rest| rest.split("</svg>").next())
    {
        let colours = line.split(['"', '\'']).filter(|text| text.starts_with('#'));
        for colour in colours {
            assert!(
                page.contains(&format!("[fill=\"{colour}\"]{{fill:var(--")),
                "{colour} has no rule"
            );
        }
    }
}

#[test]
fn a_part_is_only_that_part() {
    let (out, ran) = compare(&["--tiny", "--only", "iterate", "--subjects", "arenamap,indexmap"]);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let figures = figures(out.path());
    let subjects: BTreeSet<_> = figures.iter().map(|figure| figure["subject"].to_string()).collect();
    assert_eq!(
        subjects,
        BTreeSet::from(["\"arenamap\"".to_owned(), "\"indexmap\"".to_owned()])
    );
    assert!(figures.iter().all(|figure| figure["scenario"] == "iterate"));
}

/// The promise of the crate, by the counter of the crate: no heap call in a warm request, many in those of `std`.
#[test]
fn warm_requests_on_arenas_do_not_call_the_heap() {
    let (out, ran) = compare(&[
        "--tiny",
        "--only",
        "request_u64",
        "--only",
        "request_str",
        "--only",
        "nested3",
    ]);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let mut seen = 0;
    for figure in figures(out.path())
        .iter()
        .filter(|figure| figure["metric"] == "heap_calls")
    {
        let calls = figure["median"].as_f64().expect("a number");
        match figure["subject"].as_str().expect("a name") {
            "arenamap" | "arenamap-fixed" => assert!(calls == 0.0, "{figure}"),
            "std" | "hashbrown" => assert!(calls >= 2.0, "{figure}"),
            _ => continue,
        }
        seen += 1;
    }
    assert_eq!(seen, 3 + 2 + 3 * 2);
}

#[test]
fn criterions_missing_figures_come_with_the_command_that_makes_them() {
    // The directory that criterion uses lies beside the program: a copy elsewhere finds none.
    let elsewhere = tempfile::tempdir().expect("a directory");
    let program = elsewhere.path().join("target/release");
    std::fs::create_dir_all(&program).expect("a directory");
    let program = program.join("compare");
    std::fs::copy(PROGRAM, &program).expect("a copy");
    let ran = Command::new(&program)
        .args(["--tiny", "--only", "growth", "--only", "churn", "--criterion"])
        .output()
        .expect("the copy runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let text = String::from_utf8_lossy(&ran.stdout);
    assert!(text.contains("cargo bench --bench growth"), "{text}");
    assert!(
        elsewhere.path().join("target/compare/results.json").exists(),
        "the default directory is cargo's"
    );
}

#[test]
fn a_subject_without_a_part_says_so() {
    let mut child = Command::new(PROGRAM)
        .args(["child", "rkyv"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a child");
    let open = "{\"scenario\":\"growth\",\"n\":10,\"mode\":\"Race\"}\n";
    let mut input = child.stdin.take().expect("its stdin");
    std::io::Write::write_all(&mut input, open.as_bytes()).expect("a line");
    let ended = child.wait_with_output().expect("its end");
    assert!(!ended.status.success());
    assert!(String::from_utf8_lossy(&ended.stderr).contains("rkyv has no part in this scenario"));
}

/// A child that is killed ends the run with an error that names subject and scenario.
#[cfg(target_os = "linux")]
#[test]
fn a_dead_child_is_named() {
    let out = tempfile::tempdir().expect("a directory");
    let parent = Command::new(PROGRAM)
        .args(["--full", "--only", "churn", "--subjects", "griddle", "--out"])
        .arg(out.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the example runs");
    let children = format!("/proc/{0}/task/{0}/children", parent.id());
    let child = loop {
        let children = std::fs::read_to_string(&children).expect("a kernel that lists children");
        match children.split_whitespace().next() {
            Some(child) => break child.to_owned(),
            None => std::thread::yield_now(),
        }
    };
    let killed = Command::new("kill").args(["-9", &child]).status().expect("kill");
    assert!(killed.success());
    let ended = parent.wait_with_output().expect("its end");
    let error = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success());
    assert!(
        error.contains("griddle in churn at n = 1000") && error.contains("signal: 9"),
        "{error}"
    );
}
