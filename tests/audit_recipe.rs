//! The recipe of `audit`, `examples/audit_recipe`, as a user's CI runs it: its tests pass, and with its mistakes each test fails and names
//! the line.
//!
//! The crate is built by itself, in its own target directory.
#![cfg(not(miri))] // no processes there

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Each test, and the file whose marked line it names.
const TESTS: [(&str, &str); 7] = [
    ("the_report_handler_makes_no_call_once_warm", "src/report.rs"),
    ("leak_1_a_cursor_keeps_no_table", "src/cursors.rs"),
    ("leak_2_a_parked_map_comes_back_empty", "src/scratch.rs"),
    ("leak_3_a_new_index_frees_the_old_one", "src/index.rs"),
    ("leak_4_a_session_that_ends_gives_its_slot_back", "src/sessions.rs"),
    ("leak_5_a_refused_upload_gives_its_arena_back", "src/uploads.rs"),
    ("lint_maps_made_for_a_connection_go_with_it", "src/connections.rs"),
];

fn recipe() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/audit_recipe")
}

/// Runs `cargo test` on the recipe. Whether it passed, and what it printed.
fn cargo_test(debug: &str, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // How this test is built and run (sanitizers, valgrind, other targets, profiles) is not how the recipe is.
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        let own = ["CARGO_HOME", "CARGO_NET_OFFLINE"].contains(&&*name) || name.starts_with("CARGO_REGISTR");
        let of_cargo = name.starts_with("CARGO") && !own;
        if of_cargo || ["RUSTFLAGS", "RUSTDOCFLAGS", "RUST_BACKTRACE", "RUST_TEST_THREADS"].contains(&&*name) {
            command.env_remove(&*name);
        }
    }
    command
        .current_dir(recipe())
        .env(
            "CARGO_TARGET_DIR",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("audit_recipe-{debug}")),
        )
        .env("CARGO_PROFILE_DEV_DEBUG", debug)
        .env("CARGO_INCREMENTAL", "0")
        .env("CARGO_TERM_COLOR", "never")
        .args(["test", "--locked", "--test", "budgets", "--no-fail-fast"])
        .args(arguments);
    let output = command.output().expect("cargo starts");
    let text = [&output.stdout[..], &output.stderr]
        .map(String::from_utf8_lossy)
        .concat();
    (output.status.success(), text)
}

/// What a failed test printed.
fn report_of<'t>(text: &'t str, test: &str) -> &'t str {
    let head = format!("---- {test} stdout ----");
    let (_, rest) = text
        .split_once(&head)
        .unwrap_or_else(|| panic!("no report of {test}:\n{text}"));
    rest.split("\n---- ").next().unwrap()
}

/// `file:line` of the line with the mark.
fn marked(file: &str) -> String {
    let text = fs::read_to_string(recipe().join(file)).unwrap();
    let mut marks = (1..).zip(text.lines()).filter(|(_, line)| line.contains("// <-"));
    let (Some((number, _)), None) = (marks.next(), marks.next()) else {
        panic!("{file}: one marked line expected");
    };
    format!("{file}:{number}  ")
}

#[test]
fn the_recipe_passes_and_with_its_mistakes_every_test_fails_and_names_the_line() {
    let (passed, text) = cargo_test("line-tables-only", &[]);
    assert!(passed, "{text}");
    let result = format!("test result: ok. {} passed; 0 failed; 0 ignored", TESTS.len());
    assert!(text.contains(&result), "{text}");

    let (passed, text) = cargo_test("line-tables-only", &["--features", "leaky"]);
    assert!(!passed, "{text}");
    let result = format!("test result: FAILED. 0 passed; {} failed; 0 ignored", TESTS.len());
    assert!(text.contains(&result), "{text}");
    for (test, file) in TESTS {
        let report = report_of(&text, test);
        let mut lines = report
            .lines()
            .skip_while(|line| !line.starts_with("the first call too many"));
        let first = lines
            .nth(1)
            .unwrap_or_else(|| panic!("{test}: no first call:\n{report}"));
        let expected = marked(file);
        assert!(
            first.trim_start().starts_with(&expected),
            "{test}: {expected} expected:\n{report}"
        );
        assert!(report.contains("failed, at tests/budgets.rs:"), "{report}");
    }
}

#[test]
fn without_debug_info_the_report_says_so() {
    let test = "leak_4_a_session_that_ends_gives_its_slot_back";
    let (passed, text) = cargo_test("none", &["--features", "leaky", test]);
    assert!(!passed, "{text}");
    let report = report_of(&text, test);
    assert!(report.contains("budget `sessions come and go` failed"), "{report}");
    assert!(report.contains("was built without debug info"), "{report}");
    let lines = report.lines();
    let frames: Vec<_> = lines
        .filter_map(|line| line.strip_prefix("    (no file and line)  "))
        .collect();
    // The compiler's two ways to write names differ by angle brackets.
    let first = frames[0].replace(['<', '>'], "");
    assert_eq!(first, "audit_recipe::sessions::Sessions::log_in", "{report}");
    let last = frames[frames.len() - 1];
    assert!(last.ends_with(test), "the test is the outermost frame:\n{report}");
}
