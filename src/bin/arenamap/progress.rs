//! How far long work has come, on stderr, if that is a terminal.

use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// For work whose end is not known.
pub(crate) fn spinner(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_message(what);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// For so many steps.
pub(crate) fn bar(what: &'static str, steps: usize) -> ProgressBar {
    styled(what, steps as u64, "{msg} {wide_bar} {human_pos}/{human_len} {eta}")
}

/// For so many bytes.
pub(crate) fn bytes(what: &'static str, bytes: u64) -> ProgressBar {
    styled(what, bytes, "{msg} {wide_bar} {bytes}/{total_bytes} {eta}")
}

fn styled(what: &'static str, len: u64, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(len).with_message(what).with_style(style)
}
